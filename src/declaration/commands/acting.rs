//! Where clients act for people.

use super::{
    super::{Mark, changes::Fields, error::Stop, model::ApplicationEntry},
    step::Step,
};
use crate::{
    issuer::{
        acting::declared::{declare_acting, withdraw_acting},
        commands::ClientError,
    },
    kernel::ClientId,
    store::issuer::{acting, clients},
};

impl Step<'_> {
    /// Where the clients of an application act for people.
    pub async fn acting(&mut self, key: &str, entry: &ApplicationEntry) -> Result<(), Stop> {
        for (index, client) in entry.clients.iter().enumerate() {
            for (slug, scopes) in &client.acts_at {
                let key = format!("{key}.clients[{index}].acts_at.{slug}");
                let (application, _) = self.find_application(&key, slug).await?;
                let found = clients::by_name(&self.cx.tx, &client.client_id).await?;
                let Some(found) = found else { continue };
                let name = format!("{} at {slug}", client.client_id);
                if scopes.is_empty() {
                    if let Some(known) = acting::find(&self.cx.tx, found.id, application.id).await? {
                        let id: ClientId = found.id;
                        withdraw_acting(self.cx, id, known.id).await.map_err(|error| refused(&key, error))?;
                        self.did(Mark::End, "acting", name, Fields::default());
                    }
                    continue;
                }
                let before = acting::find(&self.cx.tx, found.id, application.id).await?;
                let mut fields = Fields::default();
                let mut said = before.as_ref().map(|before| before.scopes.clone()).unwrap_or_default();
                fields.set("scopes", &mut said, Some(scopes.clone()), |scopes| scopes.join(" "));
                let changed = declare_acting(self.cx, &found, &application, scopes.clone()).await;
                if changed.map_err(|error| refused(&key, error))? {
                    let (mark, fields) = match before {
                        Some(_) => (Mark::Change, fields),
                        None => (Mark::Create, Fields::default()),
                    };
                    self.did(mark, "acting", name, fields);
                }
            }
        }
        Ok(())
    }
}

fn refused(key: &str, error: ClientError) -> Stop {
    match error {
        ClientError::Store(error) => error.into(),
        other => Stop::at(key, format!("cannot be so: {other}")),
    }
}
