use crate::server::Server;

/// Takes forms, as `form.py` says.
pub fn start() -> Option<Server> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/form.py");
    Server::start(&["/usr/bin/python3"], &[program], |_, port| port.to_string())
}
