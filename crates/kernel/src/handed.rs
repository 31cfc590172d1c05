//! Files whose bytes a person handed over: how much of each has come, which runs use it, and when it goes. Pure: what lies
//! on the disk is the [`crate::effect::Shelf`]'s.

use protocol::{
    Arg, ErrorCode, Failure, FileId, OwnerId, Timestamp,
    api::FileView,
    limit::{FILE_BYTES_MAX, FILE_NAME_CHARS_MAX, FILE_PIECE_BYTES_MAX},
    text,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long a file stays that nobody uses: time to hand it over, run, look and run again. It is a way in, no store.
pub const FILE_LIFE_MS: i64 = 3_600_000;
/// Files of one owner: several runs' worth of them.
pub const FILES_OF_OWNER_MAX: usize = 64;
/// What they take on the disk together: the largest file, and three more of that size.
pub const FILES_OF_OWNER_BYTES_MAX: u64 = 4 * FILE_BYTES_MAX;

/// A file that was handed over. As the store keeps it once it is whole: what was half-way is gone with the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HandedFile {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    pub(crate) handed_at: Timestamp,
    pub(crate) used_at: Timestamp,
    #[serde(skip)]
    received_bytes: u64,
    /// Runs that use it now.
    #[serde(skip)]
    uses: usize,
}

/// What comes next for a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// It is written.
    New,
    /// It came before: whether it is the same has to be looked at.
    Again,
}

/// All files that were handed over, of all owners.
#[derive(Debug, Default)]
pub(crate) struct HandedFiles(BTreeMap<(OwnerId, FileId), HandedFile>);

impl HandedFile {
    pub(crate) fn is_whole(&self) -> bool {
        self.received_bytes == self.size_bytes
    }

    fn is_gone(&self, now: Timestamp) -> bool {
        self.uses == 0 && now.0 >= self.used_at.0.saturating_add(FILE_LIFE_MS)
    }

    pub(crate) fn view(&self, id: FileId, now: Timestamp) -> FileView {
        let used_at = if self.uses > 0 { now } else { self.used_at };
        FileView {
            id,
            name: self.name.clone(),
            size_bytes: self.size_bytes,
            received_bytes: self.received_bytes,
            is_used: self.uses > 0,
            handed_at: self.handed_at,
            expires_at: Timestamp(used_at.0.saturating_add(FILE_LIFE_MS)),
        }
    }

    fn check_whole(&self) -> Result<(), Failure> {
        if self.is_whole() {
            return Ok(());
        }
        let (received, size) = (self.received_bytes, self.size_bytes);
        let message = format!("'{}' is not whole yet: {received} of {size} bytes have come", shown(&self.name));
        Err(Failure::new(ErrorCode::Conflict, message).hint(format!("go on at {received}")))
    }
}

impl HandedFiles {
    /// One more, unless there are too many.
    pub(crate) fn hand(
        &mut self,
        owner: OwnerId,
        id: FileId,
        name: &str,
        size_bytes: u64,
        now: Timestamp,
    ) -> Result<(), Failure> {
        if !(1..=FILE_NAME_CHARS_MAX).contains(&name.chars().count()) {
            let message = format!("a file's name has from 1 to {FILE_NAME_CHARS_MAX} characters");
            return Err(Failure::new(ErrorCode::InvalidInput, message));
        }
        if size_bytes > FILE_BYTES_MAX {
            let most = Arg::Bytes(FILE_BYTES_MAX);
            let message = format!("'{}' is larger than what is handed over ({most})", shown(name));
            return Err(Failure::new(ErrorCode::TooLarge, message).hint("name its path: --file NAME=PATH"));
        }
        let (count, bytes) = self
            .of(owner, now)
            .fold((0_usize, 0_u64), |(count, bytes), (_, file)| (count + 1, bytes.saturating_add(file.size_bytes)));
        let full = |message: String| Err(Failure::new(ErrorCode::FilesFull, message).hint("oikos file forget ID"));
        if count >= FILES_OF_OWNER_MAX {
            return full(format!("{count} files were handed over already, and that is as many as are kept at once"));
        }
        if bytes.saturating_add(size_bytes) > FILES_OF_OWNER_BYTES_MAX {
            let (bytes, most) = (Arg::Bytes(bytes), Arg::Bytes(FILES_OF_OWNER_BYTES_MAX));
            return full(format!("files that were handed over take {bytes} already, of {most} that they may"));
        }
        let file =
            HandedFile { name: name.to_owned(), size_bytes, handed_at: now, used_at: now, received_bytes: 0, uses: 0 };
        self.0.insert((owner, id), file);
        Ok(())
    }

    /// One that was handed over to the process before, and was whole.
    pub(crate) fn recover(&mut self, owner: OwnerId, id: FileId, file: HandedFile, bytes: u64, now: Timestamp) {
        // A clock that was put back must not keep it for longer.
        let used_at = file.used_at.min(now);
        let file = HandedFile { used_at, size_bytes: bytes, received_bytes: bytes, uses: 0, ..file };
        self.0.insert((owner, id), file);
    }

    /// What an owner has.
    fn of(&self, owner: OwnerId, now: Timestamp) -> impl Iterator<Item = (FileId, &HandedFile)> {
        let all = self.0.iter().filter(move |((of, _), file)| *of == owner && !file.is_gone(now));
        all.map(|((_, id), file)| (*id, file))
    }

    /// One of them. Whatever another owner has is not there.
    pub(crate) fn find(&self, owner: OwnerId, id: FileId, now: Timestamp) -> Result<&HandedFile, Failure> {
        self.0.get(&(owner, id)).filter(|file| !file.is_gone(now)).ok_or_else(|| not_found(id))
    }

    fn find_mut(&mut self, owner: OwnerId, id: FileId, now: Timestamp) -> Result<&mut HandedFile, Failure> {
        self.0.get_mut(&(owner, id)).filter(|file| !file.is_gone(now)).ok_or_else(|| not_found(id))
    }

    pub(crate) fn list(&self, owner: OwnerId, now: Timestamp) -> Vec<FileView> {
        self.of(owner, now).map(|(id, file)| file.view(id, now)).collect()
    }

    /// Whether a piece is the next one.
    pub(crate) fn piece(
        &self,
        owner: OwnerId,
        id: FileId,
        at: u64,
        bytes: usize,
        now: Timestamp,
    ) -> Result<Piece, Failure> {
        let file = self.find(owner, id, now)?;
        if bytes > FILE_PIECE_BYTES_MAX {
            let most = Arg::Bytes(FILE_PIECE_BYTES_MAX as u64);
            return Err(Failure::new(ErrorCode::TooLarge, format!("a piece of a file has at most {most}")));
        }
        let end = at.saturating_add(bytes as u64);
        if end <= file.received_bytes {
            return Ok(Piece::Again);
        }
        if at != file.received_bytes {
            return Err(elsewhere(file));
        }
        if end > file.size_bytes {
            let message =
                format!("'{}' was said to have {} bytes, and this is more", shown(&file.name), file.size_bytes);
            return Err(Failure::new(ErrorCode::Conflict, message).hint("hand it over anew, with its size"));
        }
        Ok(Piece::New)
    }

    /// A piece came that is not what came at its place before.
    pub(crate) fn differs(&self, owner: OwnerId, id: FileId, now: Timestamp) -> Failure {
        self.find(owner, id, now).map_or_else(|failure| failure, elsewhere)
    }

    /// So many bytes more are there.
    pub(crate) fn received(&mut self, owner: OwnerId, id: FileId, bytes: u64, now: Timestamp) -> Result<(), Failure> {
        let file = self.find_mut(owner, id, now)?;
        file.received_bytes = file.size_bytes.min(file.received_bytes.saturating_add(bytes));
        file.used_at = now;
        Ok(())
    }

    /// How large one is now that a run may have written it.
    pub(crate) fn measured(&mut self, owner: OwnerId, id: FileId, bytes: u64) {
        if let Some(file) = self.0.get_mut(&(owner, id)).filter(|file| file.is_whole()) {
            (file.size_bytes, file.received_bytes) = (bytes, bytes);
        }
    }

    /// Those of an owner that are whole, and so may have been written.
    pub(crate) fn whole(&self, owner: OwnerId, now: Timestamp) -> Vec<FileId> {
        self.of(owner, now).filter(|(_, file)| file.is_whole()).map(|(id, _)| id).collect()
    }

    /// Somebody looks at one that is whole.
    pub(crate) fn touch(&mut self, owner: OwnerId, id: FileId, now: Timestamp) -> Result<HandedFile, Failure> {
        let file = self.find_mut(owner, id, now)?;
        file.check_whole()?;
        file.used_at = now;
        Ok(file.clone())
    }

    /// A run uses one: until its end it stays.
    pub(crate) fn use_begin(&mut self, owner: OwnerId, id: FileId, now: Timestamp) -> Result<HandedFile, Failure> {
        let file = self.find_mut(owner, id, now)?;
        file.check_whole()?;
        (file.uses, file.used_at) = (file.uses + 1, now);
        Ok(file.clone())
    }

    pub(crate) fn use_end(&mut self, owner: OwnerId, id: FileId, now: Timestamp) {
        if let Some(file) = self.0.get_mut(&(owner, id)) {
            (file.uses, file.used_at) = (file.uses.saturating_sub(1), now);
        }
    }

    pub(crate) fn forget(&mut self, owner: OwnerId, id: FileId, now: Timestamp) -> Result<(), Failure> {
        let file = self.find(owner, id, now)?;
        if file.uses > 0 {
            let message = format!("a run uses '{}' just now", shown(&file.name));
            return Err(Failure::new(ErrorCode::Conflict, message).hint("oikos run --list; oikos stop RUN ends it"));
        }
        self.0.remove(&(owner, id));
        Ok(())
    }

    /// Takes out what nobody used for too long.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<(OwnerId, FileId)> {
        let gone: Vec<_> = self.0.iter().filter(|(_, file)| file.is_gone(now)).map(|(key, _)| *key).collect();
        for key in &gone {
            self.0.remove(key);
        }
        gone
    }

    /// One that is no more, whoever used it.
    pub(crate) fn drop_out(&mut self, owner: OwnerId, id: FileId) {
        self.0.remove(&(owner, id));
    }

    /// All there are.
    pub(crate) fn keys(&self) -> BTreeSet<(OwnerId, FileId)> {
        self.0.keys().copied().collect()
    }
}

/// What an app and the log call a file: the last part of its name without what deceives, never a path.
pub(crate) fn called(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !text::is_deceptive(*c)).collect();
    match kept.trim().trim_start_matches('.') {
        "" => "file".to_owned(),
        kept => kept.to_owned(),
    }
}

fn shown(name: &str) -> String {
    /// As much of a name as a message needs.
    const NAME_CHARS: usize = 80;
    text::shorten(name, NAME_CHARS)
}

fn not_found(id: FileId) -> Failure {
    Failure::new(ErrorCode::NotFound, format!("no file {id} was handed over, or it is gone"))
        .hint("oikos file list shows what there is; an hour after its last use a file goes")
}

fn elsewhere(file: &HandedFile) -> Failure {
    let received = file.received_bytes;
    let message = format!("of '{}' {received} bytes have come, and this piece is not the next", shown(&file.name));
    Failure::new(ErrorCode::Conflict, message).hint(format!("go on at {received}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ADA: OwnerId = OwnerId::LOCAL;
    const BEN: OwnerId = OwnerId(2);
    const NOW: Timestamp = Timestamp(1_000);

    fn id(number: u8) -> FileId {
        format!("0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b{number:02x}").parse().expect("an id")
    }

    fn code<T>(result: Result<T, Failure>) -> Option<ErrorCode> {
        result.err().map(|failure| failure.code)
    }

    fn one(size_bytes: u64) -> HandedFiles {
        let mut files = HandedFiles::default();
        files.hand(ADA, id(1), "a.csv", size_bytes, NOW).expect("there is room");
        files
    }

    #[test]
    fn a_name_and_a_size_have_their_bounds() {
        let check = |name: &str, bytes: u64, expected: Option<ErrorCode>| {
            assert_eq!(code(HandedFiles::default().hand(ADA, id(1), name, bytes, NOW)), expected, "{name:?} {bytes}");
        };
        check("a", FILE_BYTES_MAX, None);
        check("a", FILE_BYTES_MAX + 1, Some(ErrorCode::TooLarge));
        check("a", u64::MAX, Some(ErrorCode::TooLarge));
        check("", 0, Some(ErrorCode::InvalidInput));
        check(&"ä".repeat(FILE_NAME_CHARS_MAX), 0, None);
        check(&"ä".repeat(FILE_NAME_CHARS_MAX + 1), 0, Some(ErrorCode::InvalidInput));
    }

    #[test]
    fn an_owner_has_so_many_files_and_bytes_and_no_more() {
        let mut files = HandedFiles::default();
        for number in 0..FILES_OF_OWNER_MAX {
            files.hand(ADA, id(u8::try_from(number).expect("few")), "a", 0, NOW).expect("there is room");
        }
        assert_eq!(code(files.hand(ADA, id(99), "a", 0, NOW)), Some(ErrorCode::FilesFull));
        files.hand(BEN, id(99), "a", 0, NOW).expect("others have room of their own");
        files.forget(ADA, id(0), NOW).expect("goes");
        files.hand(ADA, id(99), "a", 0, NOW).expect("there is room again");

        let mut files = HandedFiles::default();
        for number in 0..4 {
            files.hand(ADA, id(number), "a", FILE_BYTES_MAX, NOW).expect("there is room");
        }
        assert_eq!(code(files.hand(ADA, id(9), "a", 1, NOW)), Some(ErrorCode::FilesFull));
        files.hand(ADA, id(9), "a", 0, NOW).expect("nothing takes no room");
        let later = Timestamp(NOW.0 + FILE_LIFE_MS);
        files.hand(ADA, id(10), "a", FILE_BYTES_MAX, later).expect("what is gone takes no room");
    }

    #[test]
    fn pieces_come_in_their_order_and_again_if_need_be() {
        let mut files = one(10);
        let at =
            |files: &HandedFiles, at, bytes| files.piece(ADA, id(1), at, bytes, NOW).map_err(|failure| failure.hint);
        assert_eq!(at(&files, 0, 4), Ok(Piece::New));
        assert_eq!(at(&files, 1, 4), Err(Some("go on at 0".to_owned())));
        files.received(ADA, id(1), 4, NOW).expect("is there");
        for again in [(0, 4), (1, 3), (4, 0), (0, 0)] {
            assert_eq!(at(&files, again.0, again.1), Ok(Piece::Again), "{again:?}");
        }
        for wrong in [(0, 5), (3, 2), (5, 1), (u64::MAX, 1), (9, 0)] {
            assert_eq!(at(&files, wrong.0, wrong.1), Err(Some("go on at 4".to_owned())), "{wrong:?}");
        }
        assert_eq!(at(&files, 4, 6), Ok(Piece::New));
        assert_eq!(code(files.piece(ADA, id(1), 4, 7, NOW)), Some(ErrorCode::Conflict), "more than was said");
        assert_eq!(code(files.piece(ADA, id(1), 4, FILE_PIECE_BYTES_MAX + 1, NOW)), Some(ErrorCode::TooLarge));
        assert_eq!(code(files.use_begin(ADA, id(1), NOW)), Some(ErrorCode::Conflict), "it is not whole");
        assert_eq!(code(files.touch(ADA, id(1), NOW)), Some(ErrorCode::Conflict));
        files.received(ADA, id(1), 6, NOW).expect("is there");
        files.use_begin(ADA, id(1), NOW).expect("it is whole");
    }

    #[test]
    fn what_another_owner_has_is_not_there() {
        let mut files = one(0);
        let gone = Some(ErrorCode::NotFound);
        assert_eq!(code(files.piece(BEN, id(1), 0, 0, NOW)), gone);
        assert_eq!(code(files.received(BEN, id(1), 0, NOW)), gone);
        assert_eq!(code(files.touch(BEN, id(1), NOW)), gone);
        assert_eq!(code(files.use_begin(BEN, id(1), NOW)), gone);
        assert_eq!(code(files.forget(BEN, id(1), NOW)), gone);
        assert_eq!((files.list(BEN, NOW).len(), files.list(ADA, NOW).len()), (0, 1));
    }

    #[test]
    fn it_goes_an_hour_after_its_last_use_and_never_under_a_run() {
        let mut files = one(0);
        let at = |minutes: i64| Timestamp(NOW.0 + minutes * 60_000);
        files.touch(ADA, id(1), at(59)).expect("is there");
        assert_eq!(files.expire(at(118)), []);
        files.use_begin(ADA, id(1), at(118)).expect("is there");
        assert_eq!(files.expire(at(1_000)), []);
        assert_eq!(code(files.forget(ADA, id(1), at(1_000))), Some(ErrorCode::Conflict));
        let view = &files.list(ADA, at(1_000))[0];
        assert!(view.is_used && view.expires_at == at(1_060));
        files.use_end(ADA, id(1), at(1_000));
        files.find(ADA, id(1), at(1_059)).expect("is there");
        // From then on it is not there, whether it was taken away already or not.
        assert_eq!(code(files.touch(ADA, id(1), at(1_060))), Some(ErrorCode::NotFound));
        assert!(files.list(ADA, at(1_060)).is_empty());
        assert_eq!(files.expire(at(1_060)), [(ADA, id(1))]);
        assert!(files.keys().is_empty());
    }

    #[test]
    fn a_clock_that_was_put_back_keeps_nothing_for_longer() {
        let mut files = HandedFiles::default();
        let file = one(0).find(ADA, id(1), NOW).expect("is there").clone();
        let ahead = HandedFile { used_at: Timestamp(i64::MAX), ..file };
        files.recover(ADA, id(1), ahead, 7, NOW);
        assert_eq!(files.list(ADA, NOW)[0].size_bytes, 7);
        assert_eq!(files.expire(Timestamp(NOW.0 + FILE_LIFE_MS)).len(), 1);
    }

    #[test]
    fn what_an_app_calls_it_is_no_path() {
        let check = |name: &str, expected: &str| assert_eq!(called(name), expected, "{name:?}");
        check("sales.csv", "sales.csv");
        check("größe 文字 🙂.csv", "größe 文字 🙂.csv");
        check("../../etc/passwd", "passwd");
        check("C:\\Users\\ada\\sales.csv", "sales.csv");
        for nothing in ["..", ".", "/", "a/", "\u{202e}", " ", "...", "a/\0"] {
            check(nothing, "file");
        }
        check(".bashrc", "bashrc");
        check("gpj\u{202e}.exe\n", "gpj.exe");
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(name in any::<String>()) {
            let called = called(&name);
            prop_assert!(!called.is_empty() && !called.contains(['/', '\\', '\0', '\n']) && !called.starts_with('.'));
        }
    }
}
