//! localhost on its usual ports: one origin for http and one for https, and a dialer that knows where they are.

use super::handle::Configuration;
use super::origin::{Connection, Origin};
use super::phone::Phone;

pub struct Site {
    pub http: Origin,
    pub https: Origin,
    pub phone: Phone,
}

impl Site {
    /// Both answer whatever is asked with a head and no body: the one for its path, else an empty 200.
    pub fn answering(http: &'static [(&str, &str)], https: &'static [(&str, &str)]) -> Self {
        let (http, https) = (Origin::http(answering(http)), Origin::https(answering(https)));
        let (plain, secure) = (http.address(), https.address());
        let phone = Phone::new(move |_, port| Some(if port == 80 { plain } else { secure }));
        Self { http, https, phone }
    }

    /// One that comes here, whatever host is asked for.
    pub fn configuration(&self) -> Configuration {
        self.phone.give_to(Configuration::trusting(self.https.certificate()))
    }
}

fn answering(heads: &'static [(&str, &str)]) -> impl Fn(&mut Connection) + Send + Sync + 'static {
    move |connection| {
        while let Some(request) = connection.read_request() {
            let head = heads.iter().find(|(path, _)| *path == request.target()).map_or("200 OK", |(_, head)| head);
            connection.send(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n").as_bytes());
        }
    }
}
