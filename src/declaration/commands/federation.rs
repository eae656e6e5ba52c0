//! Connections to organizations' identity providers, and their domains.

use super::{
    super::{
        Mark,
        changes::{Fields, plain, text, yes},
        error::Stop,
        model::{DomainEntry, MappingEntry, OrganizationEntry, ProviderEntry},
    },
    step::{Step, needed},
};
use crate::{
    audit::{Event, EventKind, Subject},
    federation::{
        ClientAuth, IdentityProvider, JoinPolicy, Mapping, OidcSettings, Preset, Protocol, ProviderStatus, Rules, SamlSettings, Secrets,
        commands::{last_certificate_end, service_provider::new_key},
        domains::{Domain, DomainStatus, ascii},
        mapping::{GroupApplication, GroupRole},
        saml::IdpMetadata,
    },
    kernel::{DomainId, ProviderId, both_forms_of_domain, readable_domain},
    organizations::Organization,
    signin::Ended,
    store::{
        self,
        federation::{domains, providers},
    },
};

impl Step<'_> {
    /// Connections first: a domain may name one.
    pub async fn federation(&mut self, key: &str, entry: &OrganizationEntry) -> Result<(), Stop> {
        if entry.identity_providers.is_empty() && entry.domains.is_empty() {
            return Ok(());
        }
        let organization = self.find_organization(&format!("{key}.slug"), &entry.slug).await?;
        for (index, provider) in entry.identity_providers.iter().enumerate() {
            self.identity_provider(&format!("{key}.identity_providers[{index}]"), &organization, provider)
                .await?;
        }
        for (index, domain) in entry.domains.iter().enumerate() {
            self.domain(&format!("{key}.domains[{index}]"), &organization, domain).await?;
        }
        Ok(())
    }

    async fn identity_provider(&mut self, key: &str, organization: &Organization, entry: &ProviderEntry) -> Result<(), Stop> {
        let known = providers::of_organization(&self.cx.tx, organization.id)
            .await?
            .into_iter()
            .find(|provider| provider.name == entry.name);
        let is_new = known.is_none();
        let mut provider = match known {
            Some(provider) => provider,
            None => {
                let mut provider = self.new_provider(key, organization, entry)?;
                // As the pages do: how people join is what the organization's template said.
                if let Some(said) = store::templates::joining_of(&self.cx.tx, organization.id).await? {
                    provider.joining = said;
                }
                provider
            }
        };
        let mut fields = Fields::default();
        if let Some(preset) = entry.preset {
            fields.set("preset", &mut provider.preset, Some(preset), |preset| preset.as_str().to_owned());
        }
        self.reach(key, &mut provider, entry, &mut fields)?;
        self.secret(&mut provider, entry, &mut fields);
        let mapping = entry.mapping.as_ref().map(|mapping| mapped(&provider.mapping, mapping));
        fields.set("mapping", &mut provider.mapping, mapping, |mapping| {
            serde_json::to_string(mapping).unwrap_or_default()
        });
        let rules = entry.rules.as_deref().map(Rules::parse).transpose();
        let rules = rules.map_err(|error| Stop::at(format!("{key}.rules"), format!("cannot be read. {error}")))?;
        fields.set("rules", &mut provider.rules, rules, |rules| text(&rules.text()));
        self.joining(key, &mut provider, entry, &mut fields).await?;
        fields.set(
            "trusts_second_factor",
            &mut provider.trusts_second_factor,
            entry.trusts_second_factor,
            yes,
        );
        self.break_glass(key, organization, &mut provider, entry, &mut fields).await?;
        fields.set("exclusive", &mut provider.exclusive, entry.exclusive, yes);
        if provider.exclusive && provider.break_glass.is_none() {
            return Err(Stop::at(
                format!("{key}.exclusive"),
                "keeps out local passwords; expected break_glass to name a partner admin who may use one all the same",
            ));
        }
        let wanted = entry.status.filter(|_| is_new || provider.fell_back_at.is_none());
        fields.set("status", &mut provider.status, wanted, |status| status.as_str().to_owned());
        self.keep_provider(organization, &provider, is_new, fields).await
    }

    fn new_provider(&mut self, key: &str, organization: &Organization, entry: &ProviderEntry) -> Result<IdentityProvider, Stop> {
        let preset = needed(key, "preset", entry.preset, "this connection")?;
        let protocol = if preset == Preset::Saml {
            Protocol::Saml(SamlSettings {
                entity_id: String::new(),
                metadata_url: None,
                post_binding: false,
                accept_signed_response: false,
            })
        } else {
            Protocol::Oidc(OidcSettings {
                issuer: needed(key, "issuer", entry.issuer.clone(), "this connection")?,
                client_id: needed(key, "client_id", entry.client_id.clone(), "this connection")?,
                client_auth: ClientAuth::Basic,
                scopes: vec!["email".to_owned(), "profile".to_owned()],
                userinfo: false,
            })
        };
        let secrets = match preset {
            Preset::Saml => Some(Secrets {
                sp_keys: new_key(&self.cx.settings, self.cx.now, &mut self.cx.rng).into_iter().collect(),
                ..Secrets::default()
            }),
            _ => None,
        };
        let id = ProviderId::new(self.cx.now, &mut self.cx.rng);
        Ok(IdentityProvider {
            secrets: secrets.map(|secrets| secrets.seal(&self.cx.master_key, &mut self.cx.rng)),
            ..IdentityProvider::draft(id, organization.id, entry.name.clone(), preset, protocol, self.cx.now)
        })
    }

    /// How the provider is reached.
    fn reach(&mut self, key: &str, provider: &mut IdentityProvider, entry: &ProviderEntry, fields: &mut Fields) -> Result<(), Stop> {
        let mut forget = false;
        match &mut provider.protocol {
            Protocol::Oidc(settings) => {
                if entry.metadata.is_some() || entry.metadata_url.is_some() {
                    return Err(Stop::at(
                        format!("{key}.metadata"),
                        "belongs to SAML; expected issuer and client_id",
                    ));
                }
                forget = fields.set("issuer", &mut settings.issuer, entry.issuer.clone(), |issuer| text(issuer));
                fields.set("client_id", &mut settings.client_id, entry.client_id.clone(), |id| text(id));
                fields.set("client_auth", &mut settings.client_auth, entry.client_auth, |auth| {
                    auth.as_str().to_owned()
                });
                fields.set("scopes", &mut settings.scopes, entry.scopes.clone(), |scopes| scopes.join(" "));
                fields.set("userinfo", &mut settings.userinfo, entry.userinfo, yes);
            }
            Protocol::Saml(settings) => {
                if entry.issuer.is_some() || entry.client_id.is_some() {
                    return Err(Stop::at(format!("{key}.issuer"), "belongs to OpenID Connect; expected metadata"));
                }
                fields.set(
                    "metadata_url",
                    &mut settings.metadata_url,
                    entry.metadata_url.clone().map(Some),
                    |url| url.clone().unwrap_or_default(),
                );
                if let Some(xml) = entry.metadata.as_ref().filter(|xml| provider.published.as_ref() != Some(*xml)) {
                    let parsed =
                        IdpMetadata::parse(xml).map_err(|error| Stop::at(format!("{key}.metadata"), format!("cannot be used. {error}")))?;
                    fields.note("metadata", text(&settings.entity_id), text(&parsed.entity_id));
                    settings.entity_id.clone_from(&parsed.entity_id);
                    provider.certificate_ends_at = last_certificate_end(&parsed);
                    provider.published = Some(xml.clone());
                    provider.published_at = Some(self.cx.now);
                }
            }
        }
        if forget {
            provider.published = None;
            provider.published_at = None;
        }
        Ok(())
    }

    fn secret(&mut self, provider: &mut IdentityProvider, entry: &ProviderEntry, fields: &mut Fields) {
        let Some(wanted) = &entry.client_secret else { return };
        let mut secrets = Secrets::open(&self.cx.master_key, provider.secrets.as_deref()).unwrap_or_default();
        if secrets.client_secret.as_deref() == Some(wanted.reveal()) {
            return;
        }
        let old = if secrets.client_secret.is_some() { "(other)" } else { "\u{2014}" };
        fields.note("client_secret", old, "(set)");
        secrets.client_secret = Some(wanted.reveal().to_owned());
        provider.secrets = Some(secrets.seal(&self.cx.master_key, &mut self.cx.rng));
    }

    async fn joining(
        &mut self,
        key: &str,
        provider: &mut IdentityProvider,
        entry: &ProviderEntry,
        fields: &mut Fields,
    ) -> Result<(), Stop> {
        let joining = &mut provider.joining;
        fields.set("joining", &mut joining.policy, entry.joining, |policy: &JoinPolicy| {
            policy.as_str().to_owned()
        });
        fields.set("joining_role", &mut joining.role, entry.joining_role, |role| {
            role.as_str().to_owned()
        });
        let days = entry.joining_days.map(|days| Some(days).filter(|days| *days > 0));
        fields.set("joining_days", &mut joining.days, days, |days| plain(&days.unwrap_or_default()));
        let Some(slugs) = &entry.joining_applications else { return Ok(()) };
        let mut wanted = Vec::new();
        for (index, slug) in slugs.iter().enumerate() {
            let (application, _) = self.find_application(&format!("{key}.joining_applications[{index}]"), slug).await?;
            wanted.push(application.id);
        }
        fields.set("joining_applications", &mut provider.joining.applications, Some(wanted), |ids| {
            format!("{} applications", ids.len())
        });
        Ok(())
    }

    async fn break_glass(
        &mut self,
        key: &str,
        organization: &Organization,
        provider: &mut IdentityProvider,
        entry: &ProviderEntry,
        fields: &mut Fields,
    ) -> Result<(), Stop> {
        let wanted = match entry.break_glass.as_deref() {
            None => return Ok(()),
            Some("") => None,
            Some(address) => {
                let person = self.find_person(&format!("{key}.break_glass"), address).await?;
                let member = store::members::find(&self.cx.tx, organization.id, person.id).await?;
                let admin = member.filter(|member| member.runs_organization_at(self.cx.now)).ok_or_else(|| {
                    Stop::at(
                        format!("{key}.break_glass"),
                        format!("names {address}, who is no partner admin of {}; expected one", organization.slug),
                    )
                })?;
                Some(admin.id)
            }
        };
        fields.set("break_glass", &mut provider.break_glass, Some(wanted), |member| {
            member.map_or_else(|| "\u{2014}".to_owned(), |member| member.to_string())
        });
        Ok(())
    }

    async fn keep_provider(
        &mut self,
        organization: &Organization,
        provider: &IdentityProvider,
        is_new: bool,
        fields: Fields,
    ) -> Result<(), Stop> {
        if !is_new && fields.is_empty() {
            return Ok(());
        }
        let kind = if is_new {
            providers::insert(&self.cx.tx, provider).await?;
            EventKind::ProviderCreated
        } else {
            providers::update(&self.cx.tx, provider).await?;
            EventKind::ProviderChanged
        };
        let mut event = Event::new(kind)
            .organization(organization.id, organization.name.clone())
            .subject(Subject::new("identity_provider", provider.id, provider.name.clone()))
            .detail("changed", fields.detail());
        if fields.has("status") && !is_new && provider.status != ProviderStatus::Live {
            let sessions = store::sessions::end_through(&self.cx.tx, provider.id, None, None, self.cx.now).await?;
            let because = "The sign-in of the person's company was switched off.";
            let grants = store::issuer::ending::revoke_of_provider(&self.cx.tx, provider.id, None, because, self.cx.now).await?;
            event = event.ended(Ended {
                sessions,
                grants,
                ..Ended::default()
            });
        }
        self.record(event).await?;
        let name = format!("{} of {}", provider.name, organization.slug);
        match is_new {
            true => self.did(Mark::Create, "identity provider", name, Fields::default()),
            false => self.did(Mark::Change, "identity provider", name, fields),
        }
        Ok(())
    }

    async fn domain(&mut self, key: &str, organization: &Organization, entry: &DomainEntry) -> Result<(), Stop> {
        let name = ascii(&entry.name).filter(|name| name.contains('.')).ok_or_else(|| {
            Stop::at(
                format!("{key}.name"),
                format!("is {:?}; expected a domain like example.com", entry.name),
            )
        })?;
        let provider = match &entry.identity_provider {
            None => None,
            Some(wanted) => {
                let found = providers::of_organization(&self.cx.tx, organization.id).await?;
                let found = found.into_iter().find(|provider| &provider.name == wanted);
                let missing = || {
                    Stop::at(
                        format!("{key}.identity_provider"),
                        format!("is {wanted:?}; expected the name of a connection of {}", organization.slug),
                    )
                };
                Some(found.ok_or_else(missing)?.id)
            }
        };
        let owned = domains::owned(&self.cx.tx, std::slice::from_ref(&name)).await?;
        if owned.iter().any(|domain| domain.organization != organization.id) {
            return Err(Stop::at(
                format!("{key}.name"),
                format!(
                    "is {:?}, which belongs to another organization; expected a domain of {}",
                    readable_domain(&name),
                    organization.slug
                ),
            ));
        }
        let known = domains::of_organization(&self.cx.tx, organization.id)
            .await?
            .into_iter()
            .find(|domain| domain.name == name);
        let mut fields = Fields::default();
        let is_new = known.is_none();
        let mut domain = known.unwrap_or_else(|| Domain {
            id: DomainId::new(self.cx.now, &mut self.cx.rng),
            organization: organization.id,
            name: name.clone(),
            subdomains: false,
            proof: String::new(),
            status: DomainStatus::Proven,
            provider: None,
            proven_at: Some(self.cx.now),
            checked_at: None,
            missing_since: None,
            created_at: self.cx.now,
            version: 1,
        });
        fields.set("subdomains", &mut domain.subdomains, entry.subdomains, yes);
        if entry.identity_provider.is_some() {
            fields.set("identity_provider", &mut domain.provider, Some(provider), |_| {
                entry.identity_provider.clone().unwrap_or_default()
            });
        }
        if fields.set("status", &mut domain.status, Some(DomainStatus::Proven), |status| {
            status.as_str().to_owned()
        }) {
            domain.proof.clear();
            domain.proven_at = Some(self.cx.now);
            domain.missing_since = None;
        }
        if !is_new && fields.is_empty() {
            return Ok(());
        }
        let written = if is_new {
            domains::insert(&self.cx.tx, &domain).await?
        } else {
            domains::update(&self.cx.tx, &domain).await?;
            true
        };
        if !written {
            return Err(Stop::at(key, "was taken by somebody else just now; apply the file again"));
        }
        let event = Event::new(EventKind::DomainProven)
            .organization(organization.id, organization.name.clone())
            .subject(Subject::new("domain", domain.id, domain.name.clone()))
            .detail("by", "declaration")
            .detail("changed", fields.detail());
        self.record(event).await?;
        match is_new {
            true => self.did(Mark::Create, "domain", both_forms_of_domain(&name), Fields::default()),
            false => self.did(Mark::Change, "domain", both_forms_of_domain(&name), fields),
        }
        Ok(())
    }
}

/// The mapping as declared, over the one there is.
fn mapped(before: &Mapping, entry: &MappingEntry) -> Mapping {
    let or = |wanted: &Option<String>, old: &String| wanted.clone().unwrap_or_else(|| old.clone());
    Mapping {
        subject: or(&entry.subject, &before.subject),
        email: or(&entry.email, &before.email),
        given_name: or(&entry.given_name, &before.given_name),
        family_name: or(&entry.family_name, &before.family_name),
        groups: or(&entry.groups, &before.groups),
        group_roles: entry.group_roles.as_ref().map_or_else(
            || before.group_roles.clone(),
            |roles| {
                let rule = |(group, role): (&String, &crate::people::MemberRole)| GroupRole {
                    group: group.clone(),
                    role: *role,
                };
                roles.iter().map(rule).collect()
            },
        ),
        group_applications: entry.group_applications.as_ref().map_or_else(
            || before.group_applications.clone(),
            |applications| {
                let rule = |(group, application): (&String, &String)| GroupApplication {
                    group: group.clone(),
                    application: application.clone(),
                };
                applications.iter().map(rule).collect()
            },
        ),
        attributes: entry.attributes.clone().unwrap_or_else(|| before.attributes.clone()),
    }
}
