//! What one client is offered, made ready once: names given, lists written out, everything findable by its name.
//!
//! A catalog does not change. When something does, the household makes a new one; until then no call builds or writes a list.

use super::{
    json::{Json, Members, json},
    names::{Meaning, NameMap},
    result::{VIEWS_APP, view_meta},
    search::{self, Index},
    template::Template,
    views::{addresses, is_view, is_visible_to, view_of, with_view},
};
use protocol::{AppName, GrantState};
use serde_json::Value;
use std::collections::{HashMap, HashSet, hash_map::Entry};

/// Above as many tools, a client sees [`search::SEARCH`] and [`search::CALL`] in place of all: some clients refuse more than
/// forty, and a model that reads more chooses worse and pays for each of them in every turn.
pub const TOOLS_LISTED_MAX: usize = 40;
/// Of tools that have views, as many are listed beside those two: hosts draw only what they were listed, and what only views call is
/// kept from models by hosts.
pub const DRAWN_LISTED_MAX: usize = 20;
/// Entries in one page of a list of resources or prompts. Tools that are listed at all fit into one.
pub const PAGE_ENTRIES: usize = 200;

/// A tool that a client may be offered.
#[derive(Clone, Debug)]
pub struct OfferedTool {
    /// The app.
    pub app: AppName,
    /// The tool, as the app calls it.
    pub tool: String,
    /// What the owner says of this client and this tool. A blocked one is not shown; who calls it anyway is told that.
    pub state: GrantState,
    /// Its entry in `tools/list`, as its app wrote it: `title`, `description`, `inputSchema`, `outputSchema`, `annotations`,
    /// `_meta`, and whatever else it has. `name` becomes the name for this client.
    pub definition: Members,
    /// Our own view that draws what it answers; of an app that is a server, its definition says what does.
    pub renderer: Option<String>,
}

/// A prompt that a client is offered.
#[derive(Clone, Debug)]
pub struct OfferedPrompt {
    /// The app.
    pub app: AppName,
    /// The prompt, as the app calls it.
    pub prompt: String,
    /// Its entry in `prompts/list`, as above.
    pub definition: Members,
}

/// A resource, or a template for some, that a client is offered.
#[derive(Clone, Debug)]
pub struct OfferedResource {
    /// The app; [`VIEWS_APP`] for our own views.
    pub app: AppName,
    /// Its entry in `resources/list` (with `uri`) or `resources/templates/list` (with `uriTemplate`), as its app wrote it.
    pub definition: Members,
}

/// Everything that one client is offered. The order of each list is the order in which the client sees it.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// Tools.
    pub tools: Vec<OfferedTool>,
    /// Prompts.
    pub prompts: Vec<OfferedPrompt>,
    /// Resources. Of two with one address the first is read; but views, each of which is.
    pub resources: Vec<OfferedResource>,
    /// Templates.
    pub templates: Vec<OfferedResource>,
}

/// A tool, found by its name.
#[derive(Debug)]
pub struct Tool {
    /// The app.
    pub app: AppName,
    /// The tool, as the app calls it.
    pub own: String,
    /// What the owner says of it.
    pub state: GrantState,
    /// Arguments that stand in headers too: where in the arguments, and in which header.
    pub(crate) headers: Vec<(Vec<String>, String)>,
    /// Whether it says of itself that it takes long.
    pub(crate) length: Length,
}

/// How long a tool says that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// Nothing of it.
    Unsaid,
    /// Long: who can come back for its answer is let go at once.
    Long,
    /// Too long to be waited for by who cannot.
    Task,
}

/// What one client is offered.
#[derive(Debug)]
pub struct Catalog {
    tools: HashMap<String, Tool>,
    /// Tools by what views of their servers call them: under which name they are known here.
    aliases: HashMap<String, String>,
    prompts: HashMap<String, Meaning>,
    resources: HashMap<String, Place>,
    templates: Vec<(Template, AppName)>,
    pages: [Vec<Json>; 4],
    /// The tools as clients with sessions may have them, where that is something else.
    older_tools: Option<Vec<Json>>,
    search: Option<Index>,
}

/// Where a resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The app that has it.
    pub app: AppName,
    /// Its address there, where a client knows it by another.
    pub own: Option<String>,
}

/// One of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Of tools.
    Tools = 0,
    /// Of prompts.
    Prompts = 1,
    /// Of resources.
    Resources = 2,
    /// Of templates.
    Templates = 3,
}

impl List {
    /// The member of the answer that is the list.
    pub(crate) fn member(self) -> &'static str {
        ["tools", "prompts", "resources", "resourceTemplates"][self as usize]
    }
}

impl Catalog {
    /// Makes everything ready. New tools and prompts get names in the client's map, which the caller keeps if it changed.
    pub fn new(offers: Offers, names: &mut NameMap) -> Self {
        let meanings: Vec<Meaning> =
            offers.tools.iter().map(|tool| Meaning { app: tool.app.clone(), own: tool.tool.clone() }).collect();
        let tool_names = names.tools_assign(&meanings);
        let views = Views::new(&offers, names);
        let mut tools = HashMap::new();
        let mut listed: Vec<(String, Members)> = Vec::new();
        let mut are_ours = Vec::new();
        let mut known_as: HashMap<Meaning, String> = HashMap::new();
        for ((mut offered, meaning), name) in offers.tools.into_iter().zip(meanings).zip(tool_names) {
            let Some(name) = name else { continue };
            if tools.contains_key(&name) {
                continue;
            }
            let headers =
                offered.definition.get("inputSchema").map(|schema| headers_of(schema.get())).unwrap_or_default();
            let length = length_of(&offered.definition);
            match &offered.renderer {
                Some(renderer) => offered.definition.set("_meta", json(&view_meta(renderer))),
                None => offered.definition = views.tool(&offered.app, offered.definition),
            }
            known_as.insert(meaning, name.clone());
            if offered.state != GrantState::Block {
                listed.push((name.clone(), named(offered.definition, &name)));
                are_ours.push(offered.renderer.is_some());
            }
            let (app, own, state) = (offered.app, offered.tool, offered.state);
            tools.insert(name, Tool { app, own, state, headers, length });
        }
        let is_searched = listed.len() > TOOLS_LISTED_MAX;
        let index = is_searched.then(|| Index::new(&listed));
        let shown: Vec<Members> = match is_searched {
            true => search::definitions().into_iter().chain(drawn(listed, are_ours)).collect(),
            false => listed.into_iter().map(|(_, tool)| tool).collect(),
        };

        let meanings: Vec<Meaning> = offers
            .prompts
            .iter()
            .map(|prompt| Meaning { app: prompt.app.clone(), own: prompt.prompt.clone() })
            .collect();
        let prompt_names = names.prompts.assign(&meanings);
        let mut prompts = HashMap::new();
        let mut prompts_shown = Vec::new();
        for ((offered, meaning), name) in offers.prompts.into_iter().zip(meanings).zip(prompt_names) {
            let Some(name) = name else { continue };
            if let Entry::Vacant(place) = prompts.entry(name) {
                prompts_shown.push(named(offered.definition, place.key()));
                place.insert(meaning);
            }
        }

        let aliases = names.aliases.iter();
        let aliases = aliases.filter_map(|(alias, meaning)| Some((alias.clone(), known_as.get(meaning)?.clone())));
        let aliases = aliases.collect();

        let mut resources = HashMap::new();
        let mut resources_shown = Vec::new();
        for mut offered in offers.resources {
            let Some(own) = offered.definition.text("uri") else { continue };
            let (uri, own) = match views.address(&offered.app, &own) {
                Some(named) if named != own => (named.to_owned(), Some(own)),
                _ => (own, None),
            };
            if let Entry::Vacant(place) = resources.entry(uri) {
                if own.is_some() {
                    offered.definition.set("uri", json(place.key()));
                }
                place.insert(Place { app: offered.app, own });
                resources_shown.push(offered.definition);
            }
        }
        // Not every server lists the view that its tool names; it is read all the same.
        for (meaning, uri) in views.0 {
            let own = (meaning.own != uri).then_some(meaning.own);
            resources.entry(uri).or_insert(Place { app: meaning.app, own });
        }
        let mut templates = Vec::new();
        let mut templates_shown = Vec::new();
        for offered in offers.templates {
            let Some(text) = offered.definition.text("uriTemplate") else { continue };
            templates.push((Template::new(&text), offered.app));
            templates_shown.push(offered.definition);
        }
        let older_tools = shown.iter().any(is_structured_otherwise).then(|| {
            let older: Vec<Members> = shown.iter().cloned().map(for_sessions).collect();
            pages(&older, usize::MAX)
        });
        let pages = [
            pages(&shown, usize::MAX),
            pages(&prompts_shown, PAGE_ENTRIES),
            pages(&resources_shown, PAGE_ENTRIES),
            pages(&templates_shown, PAGE_ENTRIES),
        ];
        Self { tools, aliases, prompts, resources, templates, pages, older_tools, search: index }
    }

    /// A tool by the client's name for it, or by what a view of its server calls it.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name).or_else(|| self.tools.get(self.aliases.get(name)?))
    }

    /// A prompt by the client's name for it.
    pub fn prompt(&self, name: &str) -> Option<&Meaning> {
        self.prompts.get(name)
    }

    /// Where a resource is, by its list, by a tool that has it for its view, or by a template.
    pub fn resource(&self, uri: &str) -> Option<Place> {
        let by_template = || {
            let (_, app) = self.templates.iter().find(|(template, _)| template.fits(uri))?;
            Some(Place { app: app.clone(), own: None })
        };
        self.resources.get(uri).cloned().or_else(by_template)
    }

    /// The app that has a template.
    pub fn template(&self, text: &str) -> Option<&AppName> {
        self.templates.iter().find(|(template, _)| template.text() == text).map(|(_, app)| app)
    }

    /// What is searched, where there are too many tools to show.
    pub(crate) fn index(&self) -> Option<&Index> {
        self.search.as_ref()
    }

    /// A page of a list, and where the next begins. `None`: there is no such page.
    pub(crate) fn page(&self, list: List, is_stateless: bool, cursor: Option<&str>) -> Option<(&Json, Option<usize>)> {
        let older = self.older_tools.as_ref().filter(|_| list == List::Tools && !is_stateless);
        let pages = older.unwrap_or(&self.pages[list as usize]);
        let page = match cursor {
            None => 0,
            Some(cursor) => cursor.parse().ok().filter(|page| *page > 0)?,
        };
        Some((pages.get(page)?, Some(page + 1).filter(|next| *next < pages.len())))
    }
}

/// Views of servers, each with the address under which the client knows it.
struct Views(HashMap<Meaning, String>);

impl Views {
    fn new(offers: &Offers, names: &mut NameMap) -> Self {
        let of_servers = || offers.tools.iter().filter(|tool| tool.renderer.is_none());
        let mut meanings: Vec<Meaning> = Vec::new();
        for tool in of_servers() {
            meanings.extend(view_of(&tool.definition).map(|own| Meaning { app: tool.app.clone(), own }));
        }
        let drawing: HashSet<AppName> = meanings.iter().map(|meaning| meaning.app.clone()).collect();
        for resource in offers.resources.iter().filter(|resource| resource.app.as_str() != VIEWS_APP) {
            let own = resource.definition.text("uri").filter(|uri| is_view(uri));
            meanings.extend(own.map(|own| Meaning { app: resource.app.clone(), own }));
        }
        let assigned = names.views.assign_from(&meanings, addresses);
        let called = of_servers().filter(|tool| drawing.contains(&tool.app) && is_visible_to(&tool.definition, "app"));
        let called = called.filter_map(|tool| {
            let meaning = Meaning { app: tool.app.clone(), own: tool.tool.clone() };
            Some((tool.definition.text("name")?, meaning))
        });
        names.aliases_assign(called.collect());
        Self(meanings.into_iter().zip(assigned).filter_map(|(meaning, uri)| Some((meaning, uri?))).collect())
    }

    fn address(&self, app: &AppName, own: &str) -> Option<&str> {
        self.0.get(&Meaning { app: app.clone(), own: own.to_owned() }).map(String::as_str)
    }

    /// A tool of a server, as the client sees it.
    fn tool(&self, app: &AppName, tool: Members) -> Members {
        let Some(own) = view_of(&tool) else { return tool };
        match self.address(app, &own) {
            Some(named) if named != own => with_view(tool, named),
            _ => tool,
        }
    }
}

/// What is listed of too many tools for their views: those of servers first, for ours show what the text says too.
fn drawn(listed: Vec<(String, Members)>, are_ours: Vec<bool>) -> Vec<Members> {
    let tools = listed.into_iter().map(|(_, tool)| tool).zip(are_ours);
    let mut drawn: Vec<(Members, bool)> =
        tools.filter(|(tool, _)| view_of(tool).is_some() || !is_visible_to(tool, "model")).collect();
    drawn.sort_by_key(|(_, is_ours)| *is_ours);
    drawn.into_iter().map(|(tool, _)| tool).take(DRAWN_LISTED_MAX).collect()
}

fn named(mut definition: Members, name: &str) -> Members {
    definition.set("name", json(&name));
    definition
}

/// Whether a tool says that what it answers is no object.
fn is_structured_otherwise(definition: &Members) -> bool {
    let schema = definition.object("outputSchema");
    definition.get("outputSchema").is_some()
        && schema.and_then(|schema| schema.text("type")).as_deref() != Some("object")
}

/// A tool for clients of the revisions with sessions: to some of them one that answers with anything but objects makes the whole
/// list no list.
fn for_sessions(mut definition: Members) -> Members {
    if is_structured_otherwise(&definition) {
        definition.remove("outputSchema");
    }
    definition
}

/// At least one, so that an empty list has a page too.
fn pages(entries: &[Members], size: usize) -> Vec<Json> {
    if entries.is_empty() { vec![json(&[(); 0])] } else { entries.chunks(size).map(|chunk| json(&chunk)).collect() }
}

/// What a tool says of tasks, as 2025-11-25 has it.
fn length_of(definition: &Members) -> Length {
    let execution = definition.object("execution");
    match execution.and_then(|execution| execution.text("taskSupport")).as_deref() {
        Some("optional") => Length::Long,
        Some("required") => Length::Task,
        _ => Length::Unsaid,
    }
}

/// Which arguments stand in headers too (`x-mcp-header`), as far as a schema says it in a way that can be kept: on texts, whole
/// numbers and yes or no, reached by `properties` alone.
fn headers_of(schema: &str) -> Vec<(Vec<String>, String)> {
    fn walk(schema: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        for (name, property) in properties {
            path.push(name.clone());
            if let Some(header) =
                property.get("x-mcp-header").and_then(Value::as_str).filter(|header| !header.is_empty())
            {
                found.push((path.clone(), format!("mcp-param-{header}").to_ascii_lowercase()));
            }
            walk(property, path, found);
            path.pop();
        }
    }
    if !schema.contains("x-mcp-header") {
        return Vec::new();
    }
    let mut found = Vec::new();
    walk(&serde_json::from_str(schema).unwrap_or_default(), &mut Vec::new(), &mut found);
    found
}
