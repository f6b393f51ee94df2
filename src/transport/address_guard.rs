//! Which addresses are out on the Internet, and which inside: this computer's, a network's own, or nobody's. Who lets
//! others choose URLs asks this before it connects (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::error::{Code, Error};

/// Those of a host's addresses that are outside.
pub(super) fn outside(mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Error> {
    addresses.retain(|address| is_outside(address.ip()));
    match addresses.is_empty() {
        true => Err(Error::new(
            Code::CANNOT_CONNECT_TO_HOST,
            "the host's address is private, and the configuration refuses private addresses: use a public host, or \
             allow them",
        )),
        false => Ok(addresses),
    }
}

fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_outside_v4(address),
        IpAddr::V6(address) => is_outside_v6(address),
    }
}

/// What the registry of special addresses (RFC 6890) does not call globally reachable.
fn is_outside_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = match (first, second, third) {
        // This network; shared address space; protocol assignments; relays of 6to4; benchmarks; reserved.
        (0, ..) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) | (240.., ..) => true,
        _ => false,
    };
    let is_local = address.is_loopback() || address.is_private() || address.is_link_local();
    !is_special && !is_local && !address.is_multicast() && !address.is_documentation()
}

/// Global unicast alone (2000::/3) is outside, without what is special in it; and where an IPv4 address is embedded,
/// that one counts too.
fn is_outside_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Mapped, and NAT64 with its well-known prefix (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_outside_v4(v4(high, low)),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => is_outside_v4(v4(high, low)),
        // Teredo (RFC 4380): the server, and the client with all bits turned.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            is_outside_v4(v4(high, low)) && is_outside_v4(v4(!client_high, !client_low))
        }
        // Other protocol assignments, benchmarks among them; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_outside(address: &str) -> bool {
        super::is_outside(address.parse().unwrap())
    }

    #[test]
    fn addresses_inside() {
        let inside = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "3fff::1",
            "64:ff9b:1::1",
            "5f00::1",
        ];
        for address in inside {
            assert!(!is_outside(address), "{address}");
        }
    }

    #[test]
    fn addresses_inside_that_are_embedded() {
        let inside = [
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2002:c0a8:101::1",
            "2001:0:4136:e378:8000:63bf:f5ff:fffe",
            "2001:0:a00:1:8000:63bf:3fff:fdd2",
        ];
        for address in inside {
            assert!(!is_outside(address), "{address}");
        }
    }

    #[test]
    fn addresses_outside() {
        let outside = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "3ffe::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
        ];
        for address in outside {
            assert!(is_outside(address), "{address}");
        }
    }

    #[test]
    fn what_is_left_is_tried_and_nothing_left_is_an_error() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let left = outside(addresses(&["127.0.0.1:80", "8.8.8.8:80", "[::1]:80"])).unwrap();
        assert_eq!(left, addresses(&["8.8.8.8:80"]));
        let error = outside(addresses(&["127.0.0.1:80"])).unwrap_err();
        assert_eq!(error.code(), Code::CANNOT_CONNECT_TO_HOST);
        assert!(error.message().as_str().contains("private"));
    }
}
