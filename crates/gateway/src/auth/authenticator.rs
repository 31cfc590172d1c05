//! From a request to a caller: the one function that every door over a network or the socket goes through.

use super::{
    COOKIES_MAX, Credential, CredentialFault, Guards, Keys, Kind, Limiter, Logins, Presented, Revocation, SignedIn,
    entry::{Entries, LetIn},
    guard::Way,
    limit::{Try, peer_of},
    note,
    strange::Strange,
};
use crate::{Refusal, page::app_label};
use http::{
    HeaderName, HeaderValue,
    header::{HOST, ORIGIN, USER_AGENT},
    request::Parts,
};
use parking_lot::RwLock;
use protocol::{
    AppName, Caller, ClientId, ClientName, Clock, DeviceId, Digest, Door, Entropy, ErrorCode, Failure, LoginId,
    OwnerId, OwnerName, Right, Rights, Sentence, ShownOnce, Timestamp, TokenId, sentence, text,
};
use state::{Batch, Durability, Store};
use std::{net::IpAddr, pin::Pin, sync::Arc};

/// Over the socket: on whose behalf, where that is not the first owner.
pub const OWNER_HEADER: HeaderName = HeaderName::from_static("oikos-owner");
/// Over the socket: that a person sits at the other end, who can answer.
pub const PRESENCE_HEADER: HeaderName = HeaderName::from_static("oikos-presence");

/// Over the socket: which program asks, where it is one that comes again.
pub const CLIENT_HEADER: HeaderName = HeaderName::from_static("oikos-client");

/// What is said again of a name that no owner has.
const OWNER_CHARS_SHOWN: usize = 40;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The socket; the system says that whoever is at the other end is the user whose household this is.
    Socket,
    /// A network, the machine's own included.
    Address(IpAddr),
}

/// By what somebody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Used {
    /// Nothing: the system says that it is who sits at the machine.
    Machine,
    /// An API key.
    Key(TokenId),
    /// A browser's login.
    Login(LoginId),
    /// The cookie of a browser that was let in where an app answers, and nowhere else.
    Visit,
}

/// Who was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who asks, by which door, with which rights.
    pub caller: Caller,
    /// Until when: what is open for this caller ends when this is over.
    pub revocation: Revocation,
    /// By what.
    pub credential: Used,
}

/// Which owner has a name.
pub type OwnerLookup = Box<dyn Fn(&OwnerName) -> Option<OwnerId> + Send + Sync>;

/// What an authenticator is made of.
pub struct AuthenticatorParts {
    /// Where keys are kept.
    pub store: Arc<dyn Store>,
    /// The owners there are now.
    pub owners: Vec<OwnerId>,
    /// Which owner has a name.
    pub owner_of: OwnerLookup,
    /// This device.
    pub device: DeviceId,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Lets callers in, or not.
pub struct Authenticator {
    pub(super) keys: Keys,
    pub(super) logins: Logins,
    entries: Entries,
    limiter: Limiter,
    guards: RwLock<Arc<Guards>>,
    strange: Strange,
    owner_of: OwnerLookup,
    pub(super) store: Arc<dyn Store>,
    pub(super) device: DeviceId,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Authenticator {
    /// With everything that was kept.
    pub fn open(parts: AuthenticatorParts) -> Result<Self, Failure> {
        Ok(Self {
            keys: Keys::open(parts.store.clone(), &parts.owners)?,
            logins: Logins::open(parts.store.clone(), &parts.owners)?,
            entries: Entries::default(),
            limiter: Limiter::new(&*parts.entropy),
            guards: RwLock::new(Arc::new(Guards::closed())),
            strange: Strange::default(),
            owner_of: parts.owner_of,
            store: parts.store,
            device: parts.device,
            clock: parts.clock,
            entropy: parts.entropy,
        })
    }

    /// The API keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Browsers that are signed in.
    pub fn logins(&self) -> &Logins {
        &self.logins
    }

    /// What requests over a network have to agree with.
    pub fn guards(&self) -> Arc<Guards> {
        self.guards.read().clone()
    }

    /// A listener is there, by these names. Before that nothing is let in over a network.
    pub fn guards_set(&self, guards: Guards) {
        *self.guards.write() = Arc::new(guards);
    }

    /// Who sends a request. Looks at its head only; nothing of the request is used before this let it in.
    pub fn authenticate(&self, parts: &Parts, peer: Peer) -> Result<Admitted, Refusal> {
        let address = match peer {
            Peer::Socket => return self.local(parts),
            Peer::Address(address) => address,
        };
        let guards = self.meant_for_us(parts, address)?;
        match guards.presented(parts)? {
            Presented::Bearer(text) => self.bearer(text, address),
            Presented::Login { logins, page } => self.login(logins, page, address),
            Presented::Nothing => Err(missing()),
        }
    }

    /// Looks at where a request was sent to and where it comes from. The owner is told of what somebody tried.
    pub(crate) fn meant_for_us(&self, parts: &Parts, address: IpAddr) -> Result<Arc<Guards>, Refusal> {
        self.looked_at(parts, address, Guards::check)
    }

    /// The same of a request for the page.
    pub(crate) fn page_meant_for_us(&self, parts: &Parts, address: IpAddr) -> Result<Arc<Guards>, Refusal> {
        self.looked_at(parts, address, Guards::check_page)
    }

    fn looked_at(
        &self,
        parts: &Parts,
        address: IpAddr,
        check: impl FnOnce(&Guards, &Parts) -> Result<(), Refusal>,
    ) -> Result<Arc<Guards>, Refusal> {
        let guards = self.guards();
        let Err(refusal) = check(&guards, parts) else { return Ok(guards) };
        let header = match refusal.failure.code {
            ErrorCode::HostRefused => &HOST,
            ErrorCode::OriginRefused => &ORIGIN,
            _ => return Err(refusal),
        };
        let said = parts.headers.get(header).map_or("(none)".as_bytes(), HeaderValue::as_bytes);
        if let Some(said) = self.strange.first(said) {
            let peer = peer_of(address);
            tracing::warn!(%peer, code = %refusal.failure.code, "a request was not meant for this oikos");
            self.note_lazily(match header == HOST {
                true => sentence::access_host_refused(peer.to_string(), said),
                false => sentence::access_page_refused(peer.to_string(), said),
            });
        }
        Err(refusal)
    }

    /// A line in the log of who is at this machine. Nobody waits for it; a disk that does not keep up must not hold up who
    /// comes in.
    fn note_lazily(&self, said: Sentence) {
        let caller = local_caller(OwnerId::LOCAL, self.device, false);
        let mut batch = Batch::new();
        note(&mut batch, self.clock.now(), &caller, said);
        if self.store.takes_lazy_now()
            && let Err(error) = self.store.commit(batch, Durability::Lazy)
        {
            tracing::warn!(%error, "who tried to come in could not be written to the log");
        }
    }

    /// Comes back when what somebody was let in by holds no longer: what is open for them ends then.
    pub fn over(&self, admitted: &Admitted) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (revocation, clock) = (admitted.revocation.clone(), self.clock.clone());
        Box::pin(async move { revocation.over(&*clock).await })
    }

    /// The owner at the machine.
    pub fn local(&self, parts: &Parts) -> Result<Admitted, Refusal> {
        let said = |name: &HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let owner = match said(&OWNER_HEADER) {
            None => OwnerId::LOCAL,
            Some(name) => name.parse().ok().and_then(|name| (self.owner_of)(&name)).ok_or_else(|| {
                let message = format!("there is no owner called {}", text::shorten(name, OWNER_CHARS_SHOWN));
                Refusal::new(ErrorCode::OwnerNotFound, message, "oikos owner list")
            })?,
        };
        let client = said(&CLIENT_HEADER).map(str::parse::<ClientName>).transpose().map_err(|error| {
            Refusal::new(ErrorCode::InvalidInput, error.to_string(), "oikos mcp serve --client cursor")
        })?;
        let caller = local_caller(owner, self.device, parts.headers.contains_key(PRESENCE_HEADER));
        let caller = Caller { client: client.map(ClientId::Program), ..caller };
        Ok(Admitted { caller, revocation: Revocation::never(), credential: Used::Machine })
    }

    fn bearer(&self, text: &str, address: IpAddr) -> Result<Admitted, Refusal> {
        let now = self.clock.now();
        let find = |digest: &Digest| self.keys.find(digest);
        let (key, peer) = self.looked_up("key", Kind::Key, text, address, find, |key, peer| key.is_known_from(peer))?;
        if key.is_over(now) {
            return Err(Refusal::new(
                ErrorCode::Unauthenticated,
                "the API key has expired",
                "oikos token new NAME makes another one",
            ));
        }
        self.keys.used(&key, peer, now);
        let (owner, device, client) = (key.owner, self.device, Some(ClientId::Key(key.id())));
        let caller = Caller { owner, device, door: Door::Key, rights: key.rights(), client };
        Ok(Admitted { caller, revocation: key.revocation(), credential: Used::Key(key.id()) })
    }

    /// A browser that was signed in: the cookie, and the secret of the page. Every listener of this host sees the cookie,
    /// so that it alone lets nobody in.
    fn login(
        &self,
        texts: [Option<&str>; COOKIES_MAX],
        page: Option<&str>,
        address: IpAddr,
    ) -> Result<Admitted, Refusal> {
        let now = self.clock.now();
        let find = |digest: &Digest| self.logins.find(digest).filter(|login| !login.is_over(now));
        let digest = |kind, text: &str| Credential::read(kind, text).ok().map(|credential| credential.digest());
        // Ours is the one that this page belongs to.
        let page_digest = page.and_then(|page| digest(Kind::Page, page));
        let is_ours = |text: &&str| {
            let login = digest(Kind::Login, text).and_then(|digest| find(&digest));
            login.is_some_and(|login| page_digest.is_none_or(|page| login.is_page(&page)))
        };
        let sent = || texts.iter().flatten().copied();
        let text = sent().find(is_ours).or_else(|| sent().next()).unwrap_or_default();
        let (login, peer) =
            self.looked_up("login", Kind::Login, text, address, find, |login, peer| login.is_known_from(peer))?;
        let Some(page) = page else {
            return Err(Refusal::new(
                ErrorCode::Unauthenticated,
                "the browser is signed in, and this page of it is not",
                "open the page by a link: oikos login link",
            ));
        };
        let find = |digest: &Digest| login.is_page(digest).then_some(());
        self.looked_up("page", Kind::Page, page, address, find, |(), peer| login.is_known_from(peer))?;
        self.logins.used(&login, peer, now);
        let caller =
            Caller { owner: login.owner, device: self.device, door: Door::Page, rights: Rights::OWNER, client: None };
        Ok(Admitted { caller, revocation: login.revocation(), credential: Used::Login(login.id()) })
    }

    /// Makes a link that signs in a browser: the address of the page, with the secret after its `#`, and until when it can
    /// be used.
    pub fn link(&self, caller: &Caller) -> Result<(ShownOnce, Timestamp), Failure> {
        let guards = self.guards();
        let origin = guards.page().ok_or_else(|| {
            Failure::new(ErrorCode::NotAvailable, "there is no page to sign in to: no door is open").hint("oikos up")
        })?;
        let (secret, expires_at) = self.logins.link(caller, &*self.clock, &*self.entropy)?;
        Ok((ShownOnce::new(format!("{origin}/#{}", secret.expose())), expires_at))
    }

    /// Signs a browser in with what stood in a link: the body of a request whose head is `parts`. Uses the link up.
    pub fn sign_in(&self, parts: &Parts, address: IpAddr, link: &str) -> Result<SignedIn, Refusal> {
        self.guards().check(parts)?;
        if !parts.headers.contains_key(ORIGIN) {
            return Err(Refusal::new(
                ErrorCode::OriginRefused,
                "only a page of this oikos signs itself in",
                "a program uses an API key: oikos token new NAME",
            ));
        }
        let now = self.clock.now();
        let find = |digest: &Digest| self.logins.link_find(digest, now).then_some(*digest);
        let (digest, _) = self.looked_up("link", Kind::Link, link, address, find, used_once)?;
        // Of two that were quick, one is let in.
        let owner = self.logins.link_take(&digest, now).ok_or_else(invalid)?;
        let caller = Caller { owner, device: self.device, door: Door::Page, rights: Rights::OWNER, client: None };
        let browser = parts.headers.get(USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
        let made = self.logins.make(&caller, browser, &*self.clock, &*self.entropy);
        made.map_err(Refusal::from)
    }

    /// Makes an address that lets a browser in where an app answers, and says until when it can be used.
    pub fn entry(&self, caller: &Caller, app: &AppName, place: String) -> Result<(ShownOnce, Timestamp), Failure> {
        let origin = self.guards().view_origin(&app_label(caller.owner, app)).ok_or_else(|| {
            Failure::new(ErrorCode::NotAvailable, format!("{app} has no address: no door is open")).hint("oikos up")
        })?;
        let whose = (caller.owner, app.clone());
        let (secret, expires_at) = self.entries.make(whose, place, &*self.clock, &*self.entropy);
        Ok((ShownOnce::new(format!("{origin}{}#{}", crate::ENTER, secret.expose())), expires_at))
    }

    /// Has such an address, and the browser that comes in by it, end with what its maker was let in by.
    pub(crate) fn entry_bind(&self, url: &ShownOnce, admitted: &Admitted) {
        let secret = url.expose().split_once('#').map_or("", |(_, secret)| secret);
        if let Ok(credential) = Credential::read(Kind::Entry, secret) {
            self.entries.bind(&credential.digest(), &admitted.revocation);
        }
    }

    /// Lets a browser in where an app answers, with what stood in the address. Uses that up.
    pub(crate) fn enter(&self, label: &str, address: IpAddr, text: &str) -> Result<LetIn, Refusal> {
        let now = self.clock.now();
        let is_for = |owner, app: &AppName| app_label(owner, app) == label;
        let find = |digest: &Digest| self.entries.find(digest, is_for, now).then_some(*digest);
        let (digest, _) = self.looked_up("entry", Kind::Entry, text, address, find, used_once)?;
        // Of two that were quick, one is let in.
        self.entries.admit(&digest, now, &*self.entropy).ok_or_else(invalid)
    }

    /// Looks at where a request for an app comes from. The owner is told of what somebody tried.
    pub(crate) fn app_meant_for_us(&self, parts: &Parts, address: IpAddr, label: &str) -> Result<Way, Refusal> {
        let mut way = Way::Link;
        self.looked_at(parts, address, |guards, parts| {
            way = guards.app_check(parts, label)?;
            Ok(())
        })?;
        Ok(way)
    }

    /// Who asks an app for something, and which: `names` are the apps of an owner.
    pub(crate) fn app_authenticate(
        &self,
        parts: &Parts,
        address: IpAddr,
        label: &str,
        names: impl FnOnce(OwnerId) -> Vec<AppName>,
    ) -> Result<(Admitted, AppName), Refusal> {
        match self.guards().app_presented(parts)? {
            Presented::Bearer(text) => {
                let admitted = self.bearer(text, address)?;
                let owner = admitted.caller.owner;
                let app = names(owner).into_iter().find(|app| app_label(owner, app) == label).ok_or_else(|| {
                    let message = "no app of yours answers here";
                    Refusal::new(ErrorCode::NotFound, message, "oikos app open APP prints the address of one")
                })?;
                Ok((admitted, app))
            }
            Presented::Login { logins, .. } => self.visit(logins, address, label),
            Presented::Nothing => Err(missing()),
        }
    }

    /// A browser that was let in. A page of the app can put other cookies beside ours; the first that holds counts.
    fn visit(
        &self,
        texts: [Option<&str>; COOKIES_MAX],
        address: IpAddr,
        label: &str,
    ) -> Result<(Admitted, AppName), Refusal> {
        let now = self.clock.now();
        let find = |digest: &Digest| {
            self.entries.visit(digest, now).filter(|visit| app_label(visit.owner, &visit.app) == label)
        };
        let holds = |text: &&str| {
            let read = Credential::read(Kind::Visit, text);
            read.is_ok_and(|credential| find(&credential.digest()).is_some())
        };
        let sent = || texts.iter().flatten().copied();
        let text = sent().find(holds).or_else(|| sent().next()).unwrap_or_default();
        let (visit, _) = self.looked_up("visit", Kind::Visit, text, address, find, used_once)?;
        let rights = Rights::of(&[Right::Run]);
        let caller = Caller { owner: visit.owner, device: self.device, door: Door::Page, rights, client: None };
        let revocation = visit.revocation();
        Ok((Admitted { caller, revocation, credential: Used::Visit }, visit.app))
    }

    /// Finds what a credential is of. Wrong ones are counted, and whoever is locked out is not looked at, unless what they
    /// send was right from there before.
    pub(super) fn looked_up<T>(
        &self,
        path: &str,
        kind: Kind,
        text: &str,
        address: IpAddr,
        find: impl FnOnce(&Digest) -> Option<T>,
        is_known: impl FnOnce(&T, IpAddr) -> bool,
    ) -> Result<(T, IpAddr), Refusal> {
        let peer = peer_of(address);
        let attempt = self.limiter.attempt(path, address, text);
        let credential = Credential::read(kind, text);
        let found = credential.as_ref().ok().and_then(|credential| find(&credential.digest()));
        let found = match found {
            Some(found) if is_known(&found, peer) => return Ok((found, peer)),
            found => found,
        };
        let now_ms = self.clock.monotonic_ns() / 1_000_000;
        if let Some(wait_ms) = self.limiter.locked_ms(&attempt, now_ms) {
            return Err(locked(wait_ms));
        }
        match found {
            Some(found) => Ok((found, peer)),
            None => Err(self.wrong(&attempt, now_ms, peer, credential.err())),
        }
    }

    fn wrong(&self, attempt: &Try, now_ms: u64, peer: IpAddr, fault: Option<CredentialFault>) -> Refusal {
        if let Some(failures) = self.limiter.failed(attempt, now_ms) {
            tracing::warn!(%peer, failures, "an address is locked out after wrong credentials");
            self.note_lazily(sentence::access_locked(peer.to_string(), failures));
        }
        let what = match fault {
            Some(CredentialFault::Checksum) => "the credential was not copied as it was: its checksum does not fit",
            _ => "the credential is not valid, or not any more",
        };
        Refusal::new(
            ErrorCode::Unauthenticated,
            what,
            "oikos token list shows the keys there are; oikos token new NAME \
             makes one",
        )
    }
}

/// The owner at the machine: a person at a terminal, or their own script.
pub fn local_caller(owner: OwnerId, device: DeviceId, has_presence: bool) -> Caller {
    if has_presence {
        return Caller { owner, device, door: Door::Terminal, rights: Rights::OWNER, client: None };
    }
    Caller {
        owner,
        device,
        door: Door::Socket,
        rights: Rights::of(&[Right::Read, Right::Run, Right::Manage]),
        client: None,
    }
}

/// Whether what was found is let in also where others at its address are locked out. Of what is used once, nobody was let
/// in before, and nobody guesses 256 bits: that a neighbour guessed wrong must not keep its owner out.
pub(super) fn used_once<T>(_found: &T, _peer: IpAddr) -> bool {
    true
}

pub(super) fn invalid() -> Refusal {
    Refusal::new(
        ErrorCode::Unauthenticated,
        "the credential is not valid, or not any more",
        "oikos login link makes another one; oikos token new NAME another key",
    )
}

fn missing() -> Refusal {
    Refusal::new(
        ErrorCode::Unauthenticated,
        "the request has no credential",
        "oikos token new NAME makes an API key; send it as Authorization: Bearer KEY",
    )
}

fn locked(wait_ms: u64) -> Refusal {
    let mut refusal = Refusal::new(
        ErrorCode::RateLimited,
        "too many wrong credentials came from there",
        "try again after what Retry-After says",
    );
    refusal.retry_after_ms = Some(wait_ms);
    refusal
}
