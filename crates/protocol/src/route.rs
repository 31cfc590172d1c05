//! A request for an app, and its answer. Both go past the API: they are the app's own matter, and not always text.

use crate::{AppName, Failure};

/// A request for one of an app's routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteCall {
    /// The app.
    pub app: AppName,
    /// The method, upper case.
    pub method: String,
    /// The path, as it stood in the address.
    pub path: String,
    /// What stood behind the question mark, as it stood there.
    pub query: Option<String>,
    /// Headers, by small names.
    pub headers: Vec<(String, String)>,
    /// What was sent along.
    pub body: Vec<u8>,
}

/// How a request for an app ended.
#[derive(Clone, Debug, PartialEq)]
pub enum RouteEnd {
    /// The app answered.
    Answered(RouteAnswer),
    /// The app's run failed: nothing is wrong with the request.
    Failed(Failure),
}

/// What an app answered, looked at: there is nothing in it that it may not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteAnswer {
    /// From 200 to 599.
    pub status: u16,
    /// Headers, by small names, each once.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}
