//! Which addresses are out in the public, and which lie on the owner's own machine or network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Public by their number, and yet a machine's own: metadata services of clouds.
const METADATA: &[Ipv4Addr] = &[
    // Azure's wire server.
    Ipv4Addr::new(168, 63, 129, 16),
];

/// Blocks of IPv4 that are not public: first address and length of the prefix.
const V4_CLOSED: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),       // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),      // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // behind a carrier's NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8),     // this machine
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, with most clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),   // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),  // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];

/// Blocks of IPv6 inside of the public one that are not public. What lies outside of 2000::/3 never is: loopback,
/// IPv4-mapped, NAT64, private, link-local, multicast.
const V6_CLOSED: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, which holds an IPv4 address
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Whether an address is that of a host out in the public. Addresses that carry another one inside are not: they would be
/// a second way to write it.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = address.to_bits();
            let closed =
                V4_CLOSED.iter().any(|(first, length)| bits >> (32 - length) == first.to_bits() >> (32 - length));
            !closed && !METADATA.contains(&address)
        }
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            let closed =
                V6_CLOSED.iter().any(|(first, length)| bits >> (128 - length) == first.to_bits() >> (128 - length));
            bits >> 125 == 0b001 && !closed
        }
    }
}

/// Whether a name means something on the owner's own machine or network wherever it is asked for: no server out in the
/// public answers for it.
pub fn is_local_name(name: &str) -> bool {
    /// Set aside for it (RFC 6761, 6762, 8375, ICANN), or in every home router.
    const ENDINGS: &[&str] = &["localhost", "local", "internal", "lan", "home", "arpa", "intranet", "private", "corp"];
    let last = name.rsplit('.').next().unwrap_or(name);
    !name.contains('.') || ENDINGS.contains(&last)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_public_and_what_is_not() {
        for (text, expected) in [
            ("8.8.8.8", true),
            ("1.1.1.1", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("198.17.255.255", true),
            ("223.255.255.255", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.100.100.200", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("168.63.129.16", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.192", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("255.255.255.255", false),
            ("2606:4700:4700::1111", true),
            ("2a00:1450::1", true),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::808:808", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("2002:808:808::1", false),
            ("3fff::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("4000::1", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn names_of_ones_own() {
        for name in ["localhost", "a.localhost", "printer", "nas.local", "metadata.google.internal", "router.home.arpa"]
        {
            assert!(is_local_name(name), "{name}");
        }
        for name in ["example.com", "localhost.example.com", "local.org", "a.b"] {
            assert!(!is_local_name(name), "{name}");
        }
    }

    proptest! {
        /// Whatever the standard library calls special is not public.
        #[test]
        fn nothing_special_is_public(bits: u32, high: u64, low: u64) {
            let four = Ipv4Addr::from_bits(bits);
            let is_special = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_multicast()
                || four.is_broadcast() || four.is_documentation() || four.is_unspecified();
            prop_assert!(!(is_special && is_public(four.into())));
            prop_assert!(!is_public(four.to_ipv6_mapped().into()));
            let six = Ipv6Addr::from_bits((u128::from(high) << 64) | u128::from(low));
            let is_special = six.is_loopback() || six.is_multicast() || six.is_unspecified() || six.is_unique_local()
                || six.is_unicast_link_local();
            prop_assert!(!(is_special && is_public(six.into())));
        }
    }
}
