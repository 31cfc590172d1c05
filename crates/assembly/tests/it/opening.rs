//! Who holds a home, and who goes through.

use crate::{
    Household,
    household::{ask, begun, stop, until},
};
use assembly::{Client, Config, Oikos, SocketPath, app_pack, default_home};
use protocol::{
    ErrorCode,
    api::{Reply, Request},
};
use std::{ffi::OsString, os::unix::fs::PermissionsExt as _, path::PathBuf};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_holds_and_the_others_go_through() {
    let household = Household::new();
    let holder = household.client().await;
    assert!(matches!(holder, Client::Holder { .. }));
    assert_eq!(Oikos::open(&household.config()).map(drop).unwrap_err().code, ErrorCode::HomeLocked);
    let through = household.client().await;
    assert!(matches!(through, Client::Through { .. }));
    household.install(&through).await;
    let Reply::Apps { apps } = ask(&holder, Request::AppList).await.unwrap() else { panic!() };
    assert_eq!(apps[0].name.as_str(), "idler");
    let mode = std::fs::metadata(household.home().join("socket")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may connect");

    // A run that one started can be stopped by the other.
    let (run, answers) = begun(&holder, "wait").await;
    stop(&through, run).await;
    let Reply::RunEnd { run: report } = answers.reply().await.unwrap() else { panic!() };
    assert_eq!(report.summary.failure.unwrap().code, ErrorCode::Stopped);

    // The holder waits for whoever goes through, then lets go; the next one holds.
    let leaving = tokio::spawn(async move {
        holder.drain().await;
        holder.close().await;
    });
    assert!(ask(&through, Request::AppList).await.is_ok());
    drop(through);
    leaving.await.unwrap();
    assert!(!household.home().join("socket").exists());
    let next = household.client().await;
    assert!(matches!(next, Client::Holder { .. }));
    let Reply::Apps { apps } = ask(&next, Request::AppList).await.unwrap() else { panic!() };
    assert_eq!(apps.len(), 1);
    next.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_what_runs_and_settles_it() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let (run, answers) = begun(&client, "wait").await;
    client.close().await;
    let Reply::RunEnd { run: report } = answers.reply().await.unwrap() else { panic!() };
    let failure = report.summary.failure.unwrap();
    assert_eq!((failure.code, failure.message.as_str()), (ErrorCode::Stopped, "oikos is shutting down"));
    let client = household.client().await;
    let Client::Holder { oikos, .. } = &client else { panic!("nobody else is there") };
    assert_eq!(oikos.recovered().runs, 0, "it ended properly");
    let Reply::Runs { runs } = ask(&client, Request::RunList).await.unwrap() else { panic!() };
    assert_eq!(runs[0].run, run);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_too_long_for_a_socket_works_too() {
    let household = Household::long();
    let holder = household.client().await;
    let Client::Holder { oikos, .. } = &holder else { panic!("nobody else is there") };
    let folder = SocketPath::of(oikos.home()).outside_folder().unwrap();
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let shown = std::fs::canonicalize(&folder).unwrap();
    let protected = oikos.kernel().broker().protected();
    assert!(protected.iter().any(|known| known.path == shown.to_str().unwrap()), "from the first start on");
    let through = household.client().await;
    assert!(matches!(through, Client::Through { .. }));
    assert!(ask(&through, Request::AppList).await.is_ok());
    drop(through);
    holder.close().await;

    // A folder of this name that others could look into is not used.
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = Client::connect(&household.config()).await.map(drop).unwrap_err();
    assert_eq!(refused.code, ErrorCode::HomeUnusable);
    assert!(refused.hint.unwrap().contains("shorter path"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_home_that_cannot_be_one_says_why() {
    let household = Household::new();
    std::fs::write(household.home(), "a file").unwrap();
    let refused = Client::connect(&household.config()).await.map(drop).unwrap_err();
    assert_eq!(refused.code, ErrorCode::HomeUnusable);
    let household = Household::new();
    std::fs::create_dir(household.home()).unwrap();
    std::fs::set_permissions(household.home(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Client::connect(&household.config()).await.map(drop).unwrap_err();
    assert_eq!(refused.code, ErrorCode::HomeUnusable);
    assert!(refused.hint.unwrap().starts_with("chmod 700"));
}

/// An old socket file of a process that was killed is no obstacle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_left_behind_is_replaced() {
    let household = Household::new();
    household.client().await.close().await;
    drop(std::os::unix::net::UnixListener::bind(household.home().join("socket")).unwrap());
    let holder = household.client().await;
    assert!(matches!(holder, Client::Holder { .. }));
    let through = household.client().await;
    assert!(ask(&through, Request::AppList).await.is_ok());
    drop(through);
    until("the visitor to have gone", || match &holder {
        Client::Holder { server, .. } => server.connections() == 0,
        Client::Through { .. } => false,
    })
    .await;
    holder.close().await;
}

#[test]
fn where_a_home_is_by_default() {
    let home = |set: &[(&str, &str)]| {
        default_home(&|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
    };
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(home(&[]), None);
    if cfg!(target_os = "linux") {
        assert_eq!(home(&[("HOME", "/home/ada")]), path("/home/ada/.local/share/oikos"));
        assert_eq!(home(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")]), path("/data/oikos"));
        // Not absolute, or empty: as if it were not set.
        assert_eq!(home(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "data")]), path("/home/ada/.local/share/oikos"));
        assert_eq!(home(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "")]), path("/home/ada/.local/share/oikos"));
        assert_eq!(home(&[("HOME", "")]), None);
    }
    assert_eq!(Config::new("/h").home, PathBuf::from("/h"));
}

#[test]
fn an_archive_appears_whole_or_not_at_all() {
    let household = Household::new();
    let folder = household.app();
    let out = folder.with_file_name("idler.aisapp");
    let packed = app_pack(&folder, Some(&out)).unwrap();
    let bytes = std::fs::read(&out).unwrap();
    assert_eq!((packed.bytes, packed.digest), (bytes.len() as u64, protocol::sha256(&bytes)));
    assert_eq!(app_pack(&folder, Some(&out)).unwrap().digest, packed.digest, "the same bytes each time");
    let nowhere = folder.with_file_name("nowhere").join("idler.aisapp");
    assert_eq!(app_pack(&folder, Some(&nowhere)).unwrap_err().code, ErrorCode::FileUnusable);
    std::fs::write(folder.join("manifest.json"), "{").unwrap();
    assert_eq!(app_pack(&folder, Some(&out)).unwrap_err().code.exit(), 4);
    assert_eq!(std::fs::read(&out).unwrap(), bytes, "what was there stays");
}
