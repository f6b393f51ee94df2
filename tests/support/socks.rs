//! A SOCKS server, of version 4 with its 4a, and of version 5 with a password or without: it connects everybody to one
//! address, and records what it was asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use super::origin::{Connection, Origin};

pub struct Socks {
    server: Origin,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it says instead of connecting.
#[derive(Clone, Copy)]
pub struct Refusal(pub u8);

impl Socks {
    /// Everybody is connected to the target; none is refused with this reply.
    pub fn to(target: Result<SocketAddr, Refusal>, login: Option<(&'static str, &'static str)>) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let record = asked.clone();
        let server = Origin::http(move |connection| {
            let said = |line| record.lock().unwrap().push(line);
            let is_granted = match connection.read_exactly(1).as_deref() {
                Some([4]) => version_4(connection, target, said),
                Some([5]) => version_5(connection, target, login, said),
                _ => None,
            };
            if let (Some(()), Ok(target)) = (is_granted, target) {
                connection.join(TcpStream::connect(target).unwrap());
            }
        });
        Self { server, asked }
    }

    /// Its URL as a proxy.
    pub fn url(&self, scheme: &str, login: &str) -> String {
        format!("{scheme}://{login}{}", self.server.address())
    }

    /// A line for every connection that was asked for, such as `5 user:word example.com:443`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub fn accepted(&self) -> usize {
        self.server.accepted()
    }
}

/// Some where the connection was granted.
fn version_4(
    connection: &mut Connection,
    target: Result<SocketAddr, Refusal>,
    said: impl FnOnce(String),
) -> Option<()> {
    assert_eq!(connection.read_exactly(1)?, [1], "CONNECT");
    let port = port(connection)?;
    let address = Ipv4Addr::from(<[u8; 4]>::try_from(connection.read_exactly(4)?).unwrap());
    let user = text(connection)?;
    let host = match address.octets() {
        [0, 0, 0, last] if last > 0 => text(connection)?,
        _ => address.to_string(),
    };
    said(format!("4 {user} {host}:{port}"));
    let reply = target.map_or_else(|refusal| refusal.0, |_| 90);
    (connection.send(&[0, reply, 0, 0, 0, 0, 0, 0]) && reply == 90).then_some(())
}

fn version_5(
    connection: &mut Connection,
    target: Result<SocketAddr, Refusal>,
    login: Option<(&str, &str)>,
    said: impl FnOnce(String),
) -> Option<()> {
    let count = connection.read_exactly(1)?[0];
    let methods = connection.read_exactly(count.into())?;
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        connection.send(&[5, 0xff]);
        return None;
    }
    connection.send(&[5, method]);
    let mut user = String::new();
    if let Some((expected_user, expected_word)) = login {
        assert_eq!(connection.read_exactly(1)?, [1], "RFC 1929");
        let (name, word) = (counted(connection)?, counted(connection)?);
        let is_known = (name.as_str(), word.as_str()) == (expected_user, expected_word);
        connection.send(&[1, u8::from(!is_known)]);
        is_known.then_some(())?;
        user = format!("{name}:{word}");
    }
    assert_eq!(connection.read_exactly(3)?, [5, 1, 0], "CONNECT");
    let host = match connection.read_exactly(1)?[0] {
        1 => IpAddr::from(<[u8; 4]>::try_from(connection.read_exactly(4)?).unwrap()).to_string(),
        3 => counted(connection)?,
        _ => format!("[{}]", Ipv6Addr::from(<[u8; 16]>::try_from(connection.read_exactly(16)?).unwrap())),
    };
    said(format!("5 {user} {host}:{}", port(connection)?));
    let reply = target.map_or_else(|refusal| refusal.0, |_| 0);
    (connection.send(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]) && reply == 0).then_some(())
}

fn port(connection: &mut Connection) -> Option<u16> {
    Some(u16::from_be_bytes(connection.read_exactly(2)?.try_into().unwrap()))
}

fn counted(connection: &mut Connection) -> Option<String> {
    let length = connection.read_exactly(1)?[0];
    Some(String::from_utf8(connection.read_exactly(length.into())?).unwrap())
}

/// Up to the NUL.
fn text(connection: &mut Connection) -> Option<String> {
    let mut text = Vec::new();
    loop {
        match connection.read_exactly(1)?[0] {
            0 => return Some(String::from_utf8(text).unwrap()),
            byte => text.push(byte),
        }
    }
}
