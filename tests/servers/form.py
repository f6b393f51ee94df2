"""Stores the parts of a multipart form as `files/0`, `files/1`, …, and answers with a line on each.

Python's own parser of MIME stands for the frameworks that forms are sent to.
"""

from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Form(BaseHTTPRequestHandler):
    def do_POST(self):
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = BytesParser(policy=HTTP).parsebytes(head + body)
        answer = "".join(store(*numbered) for numbered in enumerate(form.iter_parts())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def store(number, part):
    Path(f"files/{number}").write_bytes(part.get_payload(decode=True))
    name = part.get_param("name", header="content-disposition")
    return f"{name} | {part.get_filename()} | {part['Content-Type']}\n"


server = HTTPServer(("127.0.0.1", int(Path("configuration").read_text())), Form)
Path("pid").write_text("listening")
server.serve_forever()
