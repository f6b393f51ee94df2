//! A server on loopback that takes uploads, counts their bytes and drops them unseen.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::ptr::null_mut;
use std::thread;

pub struct Sink {
    address: SocketAddr,
}

impl Sink {
    /// Listens on a free port until the process ends.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                // A client that fails says so itself.
                let _ = serve(&socket);
            }
        });
        Ok(Self { address })
    }

    /// What to upload a body of this many bytes to: any other is answered with 400.
    pub fn url(&self, bytes: u64) -> String {
        format!("http://{}/{bytes}", self.address)
    }
}

/// Answers the requests of one connection until its end.
fn serve(mut socket: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(16 * 1024, socket);
    loop {
        let (mut head, mut line) = (String::new(), String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            head.push_str(&line.to_ascii_lowercase());
        }
        let length = match head.split_once("content-length:") {
            Some((_, rest)) => drop_bytes(&mut reader, number(rest.lines().next(), 10)?)?,
            None => drop_chunks(&mut reader)?,
        };
        let target = head.split(' ').nth(1).and_then(|path| path.strip_prefix('/'));
        let status = if length == number(target, 10)? { "201 Created" } else { "400 Bad Request" };
        socket.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
    }
}

/// Drops a body of chunks, and gives its length.
fn drop_chunks(reader: &mut BufReader<&TcpStream>) -> io::Result<u64> {
    let mut length = 0;
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = number(Some(&size), 16)?;
        length += drop_bytes(reader, size)?;
        io::copy(&mut reader.take(2), &mut io::sink())?;
        if size == 0 {
            return Ok(length);
        }
    }
}

/// Drops so many bytes without having them copied, and gives their number.
fn drop_bytes(reader: &mut BufReader<&TcpStream>, length: u64) -> io::Result<u64> {
    let here = length.min(reader.buffer().len() as u64);
    reader.consume(here as usize);
    let mut left = length - here;
    while left > 0 {
        let most = left.min(1 << 20) as usize;
        // SAFETY: with MSG_TRUNC, TCP drops the bytes and does not touch the buffer.
        let dropped = unsafe { libc::recv(reader.get_ref().as_raw_fd(), null_mut(), most, libc::MSG_TRUNC) };
        match dropped {
            1.. => left -= dropped as u64,
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => return Err(io::Error::last_os_error()),
        }
    }
    Ok(length)
}

fn number(text: Option<&str>, radix: u32) -> io::Result<u64> {
    let parsed = text.and_then(|text| u64::from_str_radix(text.trim(), radix).ok());
    parsed.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
