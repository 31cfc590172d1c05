//! The door that others reach, as the set-up says: the files it names are read, and nothing is opened that would let
//! others in, or listen in.

use crate::{Doors, Oikos, TlsFiles};
use gateway::{
    Listen, Router, TcpDoor,
    auth::{Bind, Guards, PEM_BYTES_MAX, PemFile, tls_config},
};
use protocol::{ErrorCode, Failure, ShownOnce, text};
use std::{fs::File, io::Read as _, net::SocketAddr, path::Path};

/// An open door.
#[derive(Debug)]
pub struct Door {
    door: TcpDoor,
    is_tls: bool,
    /// By which the first key of a household is made that nobody sits at. To be shown, once.
    pub bootstrap: Option<ShownOnce>,
}

impl Door {
    pub(crate) async fn open(doors: &Doors, oikos: &Oikos, router: Router) -> Result<Self, Failure> {
        let tls = doors.tls.as_ref().map(tls).transpose()?;
        let access = oikos.access();
        // Whoever sits at the machine makes keys there. Where others are to come in, the first of them may have no
        // other way.
        let is_for_others = Bind { address: doors.bind, has_tls: false, has_credential: false }.check().is_err();
        let bootstrap = if is_for_others && tls.is_some() { access.bootstrap_make()? } else { None };
        let has_credential = access.lets_anybody_in();
        Bind { address: doors.bind, has_tls: tls.is_some(), has_credential }.check()?;
        let is_tls = tls.is_some();
        let door = TcpDoor::open(Listen { address: doors.bind, tls }, router).await?;
        oikos.gauges.lock().tcp = Some(door.crowd());
        let port = door.address().port();
        let guards = doors.hosts.iter().fold(Guards::new(port, is_tls), |guards, host| guards.host(host, port));
        access.guards_set(guards);
        Ok(Self { door, is_tls, bootstrap })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Where it is, as it is written into a program or a browser.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address())
    }

    /// Takes no further connections, and waits for those that are open, but not for ever.
    pub async fn close(self) {
        self.door.close().await;
    }
}

fn tls(files: &TlsFiles) -> Result<std::sync::Arc<gateway::ServerConfig>, Failure> {
    let (cert, key) = (pem(&files.cert)?, pem(&files.key)?);
    let shown = |path: &Path| text::escape(&path.to_string_lossy());
    let (cert_name, key_name) = (shown(&files.cert), shown(&files.key));
    tls_config(PemFile { name: &cert_name, bytes: &cert }, PemFile { name: &key_name, bytes: &key })
}

/// The text of a file that the set-up names.
pub(crate) fn pem(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One byte more than there may be: who reads it says that it is too large.
    let read = File::open(path).and_then(|file| file.take(PEM_BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        let shown = text::escape(&path.to_string_lossy());
        Failure::new(ErrorCode::FileUnusable, format!("{shown} cannot be read: {error}"))
            .hint("[doors] tls in the configuration file names it")
    })?;
    Ok(bytes)
}
