//! Applications and their scopes.

use super::{
    super::{
        Mark,
        changes::{Fields, plain, text, yes},
        check::PUBLIC_URL,
        error::Stop,
        model::{ApplicationEntry, ScopeEntry},
    },
    step::{Step, needed},
};
use crate::{
    apps::{Application, ApplicationStatus, Scope, ScopeAccess, catalogue},
    audit::{Event, EventKind, Subject},
    issuer::forward::commands::{HostError, checked_hosts},
    kernel::{ApplicationId, ScopeId},
    store::{
        self,
        issuer::{
            ending,
            forward::{hosts_of, put_hosts},
        },
    },
};

impl Step<'_> {
    /// An application with its scopes.
    pub async fn application(&mut self, key: &str, entry: &ApplicationEntry) -> Result<(), Stop> {
        let launch_url = match &entry.launch_url {
            None => None,
            Some(url) => {
                let url = url.replace(PUBLIC_URL, &self.cx.settings.public_url);
                let refused = |error: catalogue::DraftError| {
                    Stop::at(
                        format!("{key}.launch_url"),
                        format!("becomes {url:?}, which cannot be used. {error}"),
                    )
                };
                Some(catalogue::launch_url(&url).map_err(refused)?)
            }
        };
        let owner = match entry.owner.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(address) => Some(Some(self.find_person(&format!("{key}.owner"), address).await?)),
        };
        let application = match store::applications::find_by_slug(&self.cx.tx, &entry.slug).await? {
            None => {
                let application = Application {
                    id: ApplicationId::new(self.cx.now, &mut self.cx.rng),
                    slug: entry.slug.clone(),
                    name: needed(key, "name", entry.name.clone(), "this application")?,
                    description: entry.description.clone().unwrap_or_default(),
                    icon: entry.icon.clone().unwrap_or_else(|| "package".to_owned()),
                    category: entry.category.clone().unwrap_or_else(|| "Other".to_owned()),
                    launch_url: needed(key, "launch_url", launch_url, "this application")?,
                    owner: owner.flatten().map(|owner| owner.id),
                    status: entry.status.unwrap_or(ApplicationStatus::Active),
                    version: 1,
                };
                if !store::applications::insert(&self.cx.tx, &application, self.cx.now).await? {
                    return Err(Stop::at(key, "was created by somebody else just now; apply the file again"));
                }
                let event = about(EventKind::ApplicationCreated, &application).detail("launch_url", application.launch_url.as_str());
                self.record(event).await?;
                self.did(
                    Mark::Create,
                    "application",
                    format!("{} ({})", application.slug, application.name),
                    Fields::default(),
                );
                application
            }
            Some(mut application) => {
                let mut fields = Fields::default();
                fields.set("name", &mut application.name, entry.name.clone(), |name| text(name));
                fields.set("description", &mut application.description, entry.description.clone(), |words| {
                    text(words)
                });
                fields.set("icon", &mut application.icon, entry.icon.clone(), plain);
                fields.set("category", &mut application.category, entry.category.clone(), |words| text(words));
                fields.set("launch_url", &mut application.launch_url, launch_url, plain);
                self.change_person_of(
                    "owner",
                    &mut application.owner,
                    owner.map(|owner| owner.map(|owner| owner.id)),
                    &mut fields,
                )
                .await?;
                let retired =
                    fields.set("status", &mut application.status, entry.status, plain) && application.status == ApplicationStatus::Retired;
                if !fields.is_empty() {
                    store::applications::update(&self.cx.tx, &application).await?;
                    let kind = if retired {
                        EventKind::ApplicationRetired
                    } else {
                        EventKind::ApplicationChanged
                    };
                    let mut event = about(kind, &application).detail("changed", fields.detail());
                    if retired {
                        event = event.ended(ending::end_of_application(&self.cx.tx, application.id, self.cx.now).await?);
                    }
                    self.record(event).await?;
                    self.did(Mark::Change, "application", application.slug.clone(), fields);
                }
                application
            }
        };
        let known = store::applications::scopes_of(&self.cx.tx, &[application.id]).await?;
        for (index, scope) in entry.scopes.iter().enumerate() {
            self.scope(&format!("{key}.scopes[{index}]"), &application, &known, scope).await?;
        }
        if let Some(hosts) = &entry.forward_hosts {
            self.forward_hosts(key, &application, hosts).await?;
        }
        for (index, client) in entry.clients.iter().enumerate() {
            self.client(&format!("{key}.clients[{index}]"), &application, client).await?;
        }
        Ok(())
    }

    /// Hosts where the application stands behind a proxy.
    async fn forward_hosts(&mut self, key: &str, application: &Application, wanted: &[String]) -> Result<(), Stop> {
        let key = format!("{key}.forward_hosts");
        let refused = |error: HostError| match error {
            HostError::Store(error) => error.into(),
            other => Stop::at(key.clone(), format!("cannot be so: {other}")),
        };
        let wanted = checked_hosts(wanted, &self.cx.settings.public_url).map_err(refused)?;
        let mut hosts = hosts_of(&self.cx.tx, application.id).await?;
        let mut fields = Fields::default();
        fields.set("forward_hosts", &mut hosts, Some(wanted), |hosts| hosts.join(", "));
        if fields.is_empty() {
            return Ok(());
        }
        if let Some(taken) = put_hosts(&self.cx.tx, application.id, &hosts, self.cx.now).await? {
            return Err(refused(HostError::Taken(taken)));
        }
        self.record(about(EventKind::ApplicationChanged, application).detail("changed", fields.detail()))
            .await?;
        self.did(Mark::Change, "application", application.slug.clone(), fields);
        Ok(())
    }

    async fn scope(&mut self, key: &str, application: &Application, known: &[Scope], entry: &ScopeEntry) -> Result<(), Stop> {
        let mut fields = Fields::default();
        let (scope, mark) = match known.iter().find(|scope| scope.name == entry.name) {
            None => {
                let scope = Scope {
                    id: ScopeId::new(self.cx.now, &mut self.cx.rng),
                    application: application.id,
                    name: entry.name.clone(),
                    description: entry.description.clone().unwrap_or_default(),
                    access: needed(key, "access", entry.access, "this scope")?,
                    high_value: entry.high_value.unwrap_or_default(),
                };
                (scope, Mark::Create)
            }
            Some(scope) => {
                let mut scope = scope.clone();
                fields.set("description", &mut scope.description, entry.description.clone(), |words| {
                    text(words)
                });
                fields.set("access", &mut scope.access, entry.access, ScopeAccess::to_string);
                fields.set("high_value", &mut scope.high_value, entry.high_value, yes);
                if fields.is_empty() {
                    return Ok(());
                }
                (scope, Mark::Change)
            }
        };
        store::applications::put_scope(&self.cx.tx, &scope, self.cx.now).await?;
        store::applications::touch(&self.cx.tx, application.id).await?;
        let mut event = about(EventKind::ScopeChanged, application)
            .detail("scope", scope.name.as_str())
            .detail("access", scope.access.as_str())
            .detail("high_value", scope.high_value);
        if mark == Mark::Change {
            event = event.detail("changed", fields.detail());
        }
        self.record(event).await?;
        self.did(mark, "scope", format!("{} of {}", scope.name, application.slug), fields);
        Ok(())
    }
}

fn about(kind: EventKind, application: &Application) -> Event {
    Event::new(kind)
        .application(application.id, application.name.clone())
        .subject(Subject::new("application", application.id, application.name.clone()))
}
