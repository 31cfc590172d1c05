//! The first message of TLS, which nobody has sealed yet: whom the program says that it wants to speak to. And of the answer as
//! much as tells that the program will say it again.

/// A hello with all its records. Those of browsers, with post-quantum keys and tickets, are below 4 KiB.
pub const HELLO_BYTES_MAX: usize = 32 << 10;
/// Records that a hello is spread over: honest ones have one or two, and a piece of each byte would be work for nothing.
const RECORDS_MAX: usize = 32;
/// A record, as TLS bounds it.
const RECORD_BYTES_MAX: usize = 16 << 10;

const RECORD_HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const EXTENSION_SERVER_NAME: usize = 0;
/// Encrypted ClientHello, and what was tried before it.
const EXTENSIONS_HIDING: [usize; 2] = [0xfe0d, 0xffce];
/// What a server says in place of something random if it wants another hello (RFC 8446, 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The name of the server, lower case.
    pub name: Option<String>,
    /// Whether it holds another hello that nobody can read.
    pub is_hidden: bool,
    /// How many bytes it took.
    pub bytes: usize,
}

/// Why there is no hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelloFault {
    /// Not TLS, or broken, or something that can be read in two ways.
    Unclear,
    /// More than [`HELLO_BYTES_MAX`], or in far too many pieces.
    TooLarge,
}

/// What a server says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// That it wants another hello, which may say another name.
    Again,
    /// Anything else.
    Other,
}

/// Reads a hello; `None` if there is more to come. Whatever follows it in its last record makes it none.
pub fn hello_read(bytes: &[u8]) -> Result<Option<Hello>, HelloFault> {
    let Some((message, taken)) = message_read(bytes, None)? else { return Ok(None) };
    if message[0] != CLIENT_HELLO {
        return Err(HelloFault::Unclear);
    }
    let (name, is_hidden) = names(&message[4..]).ok_or(HelloFault::Unclear)?;
    Ok(Some(Hello { name, is_hidden, bytes: taken }))
}

/// Reads what a server says first; `None` if there is more to come. That it wants another hello is there as a whole: before
/// that, nobody says one.
pub fn answer_read(bytes: &[u8]) -> Option<Answered> {
    // Up to the end of what is random in it.
    let message = match message_read(bytes, Some(4 + 2 + RETRY.len())) {
        Ok(message) => message?.0,
        Err(_) => return Some(Answered::Other),
    };
    if message[0] != SERVER_HELLO || message.get(6..38) != Some(&RETRY) {
        return Some(Answered::Other);
    }
    match message_read(bytes, None) {
        Ok(None) => None,
        Ok(Some(_)) | Err(_) => Some(Answered::Again),
    }
}

/// The first message of a handshake out of its records, and how many bytes these have. Of a message that is only begun, as
/// much as is asked for.
fn message_read(bytes: &[u8], enough: Option<usize>) -> Result<Option<(Vec<u8>, usize)>, HelloFault> {
    let bytes = &bytes[..bytes.len().min(HELLO_BYTES_MAX)];
    let mut message = Vec::new();
    let mut rest = bytes;
    for _ in 0..RECORDS_MAX {
        let begins = |place: usize, is_right: fn(u8) -> bool| rest.get(place).is_none_or(|byte| is_right(*byte));
        // Every version says of itself that it is 3.something.
        if !begins(0, |byte| byte == RECORD_HANDSHAKE) || !begins(1, |byte| byte == 3) {
            return Err(HelloFault::Unclear);
        }
        let Some((head, after)) = rest.split_at_checked(5) else { return more(bytes) };
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        if length == 0 || length > RECORD_BYTES_MAX {
            return Err(HelloFault::Unclear);
        }
        let Some((payload, after)) = after.split_at_checked(length) else {
            // What has come of it says already what it is.
            message.extend_from_slice(after);
            expected(&message)?;
            return match enough {
                Some(enough) if message.len() >= enough => Ok(Some((message, bytes.len()))),
                _ => more(bytes),
            };
        };
        message.extend_from_slice(payload);
        rest = after;
        let whole = expected(&message)?;
        match (enough, whole) {
            (Some(enough), _) if message.len() >= enough => return Ok(Some((message, bytes.len() - rest.len()))),
            (Some(_), Some(whole)) if message.len() >= whole => return Ok(Some((message, bytes.len() - rest.len()))),
            (None, Some(whole)) if message.len() == whole => return Ok(Some((message, bytes.len() - rest.len()))),
            (None, Some(whole)) if message.len() > whole => return Err(HelloFault::Unclear),
            _ => {}
        }
    }
    Err(HelloFault::TooLarge)
}

fn more<T>(bytes: &[u8]) -> Result<Option<T>, HelloFault> {
    if bytes.len() >= HELLO_BYTES_MAX { Err(HelloFault::TooLarge) } else { Ok(None) }
}

/// How long the message is in all, once its head is there.
fn expected(message: &[u8]) -> Result<Option<usize>, HelloFault> {
    let Some(head) = message.get(..4) else { return Ok(None) };
    let whole = 4 + usize::from(head[1]) * 0x1_0000 + usize::from(head[2]) * 0x100 + usize::from(head[3]);
    if whole > HELLO_BYTES_MAX { Err(HelloFault::TooLarge) } else { Ok(Some(whole)) }
}

/// The name in the body of a hello, and whether there is another hello inside. `None` if it is broken.
fn names(body: &[u8]) -> Option<(Option<String>, bool)> {
    let mut body = Bytes(body);
    if body.number(2)? >> 8 != 3 {
        return None;
    }
    body.take(32)?; // what is random in it
    body.vector(1)?; // the session
    body.vector(2)?; // the ciphers
    body.vector(1)?; // the compressions
    if body.0.is_empty() {
        return Some((None, false));
    }
    let mut extensions = body.vector(2)?;
    if !body.0.is_empty() {
        return None;
    }
    let (mut name, mut is_hidden) = (None, false);
    while !extensions.0.is_empty() {
        let kind = extensions.number(2)?;
        let mut content = extensions.vector(2)?;
        is_hidden |= EXTENSIONS_HIDING.contains(&kind);
        if kind == EXTENSION_SERVER_NAME {
            let mut list = content.vector(2)?;
            // One list, with one name of the one kind that there is; and that once.
            let is_name = list.number(1)? == 0;
            let said = list.vector(2)?.0;
            let is_alone = list.0.is_empty() && content.0.is_empty() && name.is_none();
            if !is_name || !is_alone || said.is_empty() || !said.iter().all(u8::is_ascii_graphic) {
                return None;
            }
            name = Some(String::from_utf8_lossy(said).to_ascii_lowercase());
        }
    }
    Some((name, is_hidden))
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of one or two bytes.
    fn number(&mut self, width: usize) -> Option<usize> {
        Some(self.take(width)?.iter().fold(0, |number, byte| number * 0x100 + usize::from(*byte)))
    }

    /// So many bytes as the number before them says.
    fn vector(&mut self, width: usize) -> Option<Bytes<'a>> {
        let length = self.number(width)?;
        self.take(length).map(Bytes)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn sized(width: usize, bytes: &[u8]) -> Vec<u8> {
        [&bytes.len().to_be_bytes()[8 - width..], bytes].concat()
    }

    fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &sized(2, content)].concat()
    }

    fn server_name(name: &[u8]) -> Vec<u8> {
        extension(0, &sized(2, &[&[0], &sized(2, name)[..]].concat()))
    }

    /// A message with these extensions; `None` stands for one of a time before there were any.
    fn message(extensions: Option<&[u8]>) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend(sized(1, &[1, 2, 3]));
        body.extend(sized(2, &[0x13, 1, 0xc0, 0x2f]));
        body.extend(sized(1, &[0]));
        body.extend(extensions.map(|extensions| sized(2, extensions)).unwrap_or_default());
        [&[CLIENT_HELLO], &sized(3, &body)[..]].concat()
    }

    /// In records of at most so many bytes.
    fn records(message: &[u8], each: usize) -> Vec<u8> {
        message.chunks(each).flat_map(|piece| [&[22, 3, 1], &sized(2, piece)[..]].concat()).collect()
    }

    fn read(extensions: &[u8]) -> Result<(Option<String>, bool), HelloFault> {
        let bytes = records(&message(Some(extensions)), 10_000);
        hello_read(&bytes).map(|hello| hello.map(|hello| (hello.name, hello.is_hidden)).unwrap())
    }

    #[test]
    fn a_hello_names_one_server_or_none() {
        let other = extension(43, &[2, 3, 4]);
        let name = server_name(b"A.Example");
        let named = Some("a.example".to_owned());
        assert_eq!(read(&[other.clone(), name.clone()].concat()), Ok((named.clone(), false)));
        assert_eq!(read(&other), Ok((None, false)));
        assert_eq!(read(&[]), Ok((None, false)));
        assert_eq!(hello_read(&records(&message(None), 10_000)).unwrap().unwrap().name, None);
        for hiding in EXTENSIONS_HIDING {
            let sealed = extension(u16::try_from(hiding).unwrap(), &[0, 1, 2, 3]);
            assert_eq!(read(&[name.clone(), sealed].concat()), Ok((named.clone(), true)));
        }
        let two = sized(2, &[&[0], &sized(2, b"a.example")[..], &[0], &sized(2, b"b.example")].concat());
        for broken in [
            [name.clone(), server_name(b"b.example")].concat(),
            extension(0, &two),
            extension(0, &[&sized(2, &[&[0], &sized(2, b"a.example")[..]].concat())[..], b"x"].concat()),
            extension(0, &sized(2, &[&[1], &sized(2, b"a.example")[..]].concat())),
            server_name(b""),
            server_name(b"a example"),
            server_name(b"a.example\0"),
            server_name("bücher.example".as_bytes()),
            extension(0, &[]),
            name[..name.len() - 1].to_vec(),
        ] {
            assert_eq!(read(&broken), Err(HelloFault::Unclear), "{broken:?}");
        }
    }

    #[test]
    fn what_is_no_hello_is_none() {
        let honest = message(Some(&server_name(b"a.example")));
        let check = |bytes: &[u8], expected: HelloFault| assert_eq!(hello_read(bytes), Err(expected), "{bytes:?}");
        check(b"GET / HTTP/1.1\r\n", HelloFault::Unclear);
        check(&[0x80, 0x2e, 1, 0, 2], HelloFault::Unclear); // SSL 2
        check(&[22, 2], HelloFault::Unclear);
        check(&[22, 3, 1, 0, 0], HelloFault::Unclear);
        check(&[22, 3, 1, 0x40, 1], HelloFault::Unclear);
        check(&[22, 3, 1, 0, 4, 1, 1, 0, 0], HelloFault::TooLarge);
        // More behind it, in its record; another kind of record between.
        check(&records(&[&honest[..], &[16, 0, 0, 0]].concat(), 10_000), HelloFault::Unclear);
        let [first, second] = [&honest[..20], &honest[20..]].map(|piece| records(piece, 10_000));
        check(&[&first[..], &[20, 3, 3, 0, 1, 1], &second].concat(), HelloFault::Unclear);
        let mut other = honest.clone();
        other[0] = SERVER_HELLO;
        check(&records(&other, 10_000), HelloFault::Unclear);
        let mut longer = honest.clone();
        longer.push(0);
        longer[3] += 1;
        check(&records(&longer, 10_000), HelloFault::Unclear);
        // A piece of each byte, and one that never ends.
        check(&records(&honest, 1), HelloFault::TooLarge);
        let endless = [&[CLIENT_HELLO, 0, 0x7f, 0xff], &[0; HELLO_BYTES_MAX][..]].concat();
        check(&records(&endless, 16_000)[..HELLO_BYTES_MAX], HelloFault::TooLarge);
    }

    #[test]
    fn a_server_that_wants_another_hello() {
        let hello = |random: &[u8], rest: usize| {
            let body = [&[3, 3], random, &vec![0; rest][..]].concat();
            [&[SERVER_HELLO], &sized(3, &body)[..]].concat()
        };
        let again = records(&hello(&RETRY, 10), 10_000);
        assert_eq!(answer_read(&again), Some(Answered::Again));
        assert_eq!(answer_read(&records(&hello(&RETRY, 10), 9)), Some(Answered::Again));
        for length in 0..again.len() {
            assert_eq!(answer_read(&again[..length]), None, "{length}");
        }
        assert_eq!(answer_read(&[&again[..], &[20, 3, 3, 0, 1, 1]].concat()), Some(Answered::Again));
        assert_eq!(answer_read(&records(&hello(&[7; 32], 10), 10_000)[..43]), Some(Answered::Other));
        assert_eq!(answer_read(&records(&hello(&[7; 32], 10), 10_000)), Some(Answered::Other));
        assert_eq!(answer_read(&[21, 3, 3, 0, 2, 2, 40]), Some(Answered::Other));
        assert_eq!(answer_read(b"HTTP/1.1 400 Bad Request\r\n"), Some(Answered::Other));
    }

    proptest! {
        /// Wherever it is cut, into records and into what comes at once, it is the same hello.
        #[test]
        fn pieces_do_not_matter(name in "[a-z]{1,20}(\\.[a-z]{1,20}){0,3}", each in 12_usize..400, cut in 0_usize..400) {
            let message = message(Some(&server_name(name.as_bytes())));
            let bytes = records(&message, each);
            let cut = cut.min(bytes.len() - 1);
            prop_assert_eq!(hello_read(&bytes[..cut]), Ok(None));
            let more = [&bytes[..], b"what follows"].concat();
            for whole in [&bytes, &more] {
                let hello = hello_read(whole).unwrap().unwrap();
                prop_assert_eq!(hello, Hello { name: Some(name.clone()), is_hidden: false, bytes: bytes.len() });
            }
        }

        #[test]
        fn nothing_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..600), begin in any::<bool>()) {
            let bytes = if begin { [&[22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3][..], &bytes].concat() } else { bytes };
            if let Ok(Some(hello)) = hello_read(&bytes) {
                prop_assert!(hello.bytes <= bytes.len());
            }
            answer_read(&bytes);
        }
    }
}
