//! How a provider is reached.

use leptos::prelude::*;

use super::{
    super::commands::{self, OidcConnection},
    NOTHING, id_of, may_manage,
};
use crate::{
    access::Refused,
    federation::{
        ClientAuth, OidcSettings,
        commands::{managed_organization, read_metadata},
        oidc::discovery,
        place::connection_of,
    },
    organizations::actions::version_of,
    ui::Flash,
    web::{Done, FieldErrors, Post, fields},
};

/// `POST /do/change-oidc`: issuer and client. The provider's configuration is read at once.
#[server(prefix = "/do", endpoint = "change-oidc")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_oidc(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] issuer: String,
    #[server(default)] client_id: String,
    #[server(default)] client_secret: String,
    #[server(default)] client_auth: String,
    #[server(default)] scopes: String,
    #[server(default)] userinfo: String,
) -> Result<(), ServerFnError> {
    let issuer = issuer.trim().to_owned();
    // Before the transaction: the network takes its time.
    let read = match may_manage(&organization).await {
        Ok(request) => Ok(discovery::fetch(&request.portal.outbound, &issuer).await),
        Err(refusal) => Err(refusal),
    };
    let values = [
        ("issuer", issuer.clone()),
        ("client_id", client_id.clone()),
        ("client_auth", client_auth.clone()),
        ("scopes", scopes.clone()),
        ("userinfo", userinfo.clone()),
    ];
    let mut post = Post::begin("connection", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let mut errors = FieldErrors::default();
        let published = errors.take("issuer", read?);
        let client = fields::required_text(
            &mut errors,
            "client_id",
            &client_id,
            300,
            "Enter the client id that your provider shows.",
        );
        let auth = fields::choice::<ClientAuth>(&mut errors, "client_auth", &client_auth);
        let scopes = fields::optional_text(&mut errors, "scopes", &scopes, 300).unwrap_or_default();
        let secret = fields::optional_text(&mut errors, "client_secret", &client_secret, 1_000);
        errors.check()?;
        let (Some(published), Some(client_id), Some(client_auth)) = (published, client, auth) else {
            return Err(Refused::NotFound.into());
        };
        let settings = OidcSettings {
            issuer,
            client_id,
            client_auth,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            userinfo: userinfo == "yes",
        };
        let connection = OidcConnection {
            settings,
            secret,
            published,
        };
        commands::change_oidc(&mut post.cx, &found, id, version_of(&version), connection).await?;
        Ok(Done::to(connection_of(&organization, &provider))
            .saying(Flash::good("The connection is saved and the provider answers. Try it next.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/change-saml`: metadata, pasted or by address.
#[server(prefix = "/do", endpoint = "change-saml")]
#[allow(clippy::too_many_arguments, reason = "the fields of one form")]
pub async fn change_saml(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
    #[server(default)] metadata_url: String,
    #[server(default)] metadata: String,
    #[server(default)] post_binding: String,
    #[server(default)] accept_signed_response: String,
) -> Result<(), ServerFnError> {
    let address = metadata_url.trim().to_owned();
    let read = match (may_manage(&organization).await, address.is_empty()) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), true) => Ok(None),
        (Ok(request), false) => Ok(Some(read_metadata(&request.portal, &address).await)),
    };
    let values = [
        ("metadata_url", address.clone()),
        ("metadata", if metadata.len() < 60_000 { metadata.clone() } else { String::new() }),
        ("post_binding", post_binding.clone()),
        ("accept_signed_response", accept_signed_response.clone()),
    ];
    let mut post = Post::begin("connection", connection_of(&organization, &provider), values).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let mut errors = FieldErrors::default();
        let xml = match read? {
            Some(read) => errors.take("metadata_url", read).map(|(xml, _)| xml),
            None if metadata.trim().is_empty() => {
                errors.add(
                    "metadata_url",
                    "Enter the address of your provider's metadata, or paste the metadata below.",
                );
                None
            }
            None => Some(metadata.trim().to_owned()),
        };
        let Some(xml) = xml else { return Err(errors.refusal()) };
        commands::change_saml(
            &mut post.cx,
            &found,
            id,
            version_of(&version),
            xml,
            (!address.is_empty()).then_some(address),
            post_binding == "yes",
            accept_signed_response == "yes",
        )
        .await?;
        Ok(Done::to(connection_of(&organization, &provider)).saying(Flash::good("The metadata is saved. Try the connection next.")))
    }
    .await;
    post.finish(outcome).await
}

/// `POST /do/change-provider-key`: publishes a further key of ours (SAML), or drops the older one.
#[server(prefix = "/do", endpoint = "change-provider-key")]
pub async fn change_provider_key(
    #[server(default)] organization: String,
    #[server(default)] provider: String,
    #[server(default)] version: String,
) -> Result<(), ServerFnError> {
    let mut post = Post::begin("key", connection_of(&organization, &provider), NOTHING).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        commands::change_key(&mut post.cx, &found, id, version_of(&version)).await?;
        Ok(Done::to(connection_of(&organization, &provider))
            .saying(Flash::good("Our metadata is changed. Let your provider read it again.")))
    }
    .await;
    post.finish(outcome).await
}
