//! The door that others reach, as the set-up says: the files it names are read, and nothing is opened that would let
//! others in, or listen in.

use crate::{Doors, Oikos, TlsFiles, files::pem};
use gateway::{
    DoorPlace, Router, TcpDoor,
    auth::{Bind, Guards, PemFile, tls_config},
};
use protocol::{Failure, ShownOnce, text};
use std::{net::SocketAddr, path::Path};

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
        // other way than a bootstrap token.
        let is_tls = tls.is_some();
        let mut bind = Bind { address: doors.bind, has_tls: is_tls, has_credential: false };
        let may_make = bind.is_for_others() && is_tls && access.bootstrap_is_due()?;
        bind.has_credential = may_make || access.lets_anybody_in();
        bind.check()?;
        // Before a token is made, which there is only one of: a place that is taken must not cost it.
        let place = DoorPlace::take(doors.bind).await?;
        let bootstrap = if may_make { access.bootstrap_make()? } else { None };
        let port = place.address().port();
        let address = place.address().ip();
        // What it is bound to is a name of its own, and a better one than that of the machine for itself.
        let named = doors.hosts.iter().cloned();
        let own = (!address.is_unspecified() && !address.is_loopback()).then(|| address.to_string());
        let guards = named.chain(own).fold(Guards::new(port, is_tls), |guards, host| guards.host(&host, port));
        access.guards_set(guards);
        let door = place.open(tls, router);
        oikos.gauges.lock().tcp = Some(door.crowd());
        let door = Self { door, is_tls, bootstrap };
        oikos.page_is_at(doors.hosts.first().map_or_else(|| door.url(), |host| door.named(host)));
        Ok(door)
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Where it is, as it is written into a program or a browser.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address())
    }

    /// Where it is by a name that others have for it, which may say its scheme and its port.
    fn named(&self, host: &str) -> String {
        if host.contains("://") {
            return host.trim_end_matches('/').to_owned();
        }
        let scheme = if self.is_tls { "https" } else { "http" };
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if has_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{}", self.address().port()) }
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
