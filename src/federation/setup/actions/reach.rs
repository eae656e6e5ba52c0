//! How a provider is reached.

use leptos::prelude::*;

use super::{
    super::commands,
    NOTHING, id_of, may_manage,
    typed::{OidcTyped, SamlTyped},
};
use crate::{
    federation::{
        commands::{managed_organization, read_metadata},
        oidc::discovery,
        place::connection_of,
    },
    organizations::actions::version_of,
    ui::Flash,
    web::{Done, Post},
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
    let typed = OidcTyped {
        issuer: issuer.trim().to_owned(),
        client_id,
        client_secret,
        client_auth,
        scopes,
        userinfo,
    };
    // Before the transaction: the network takes its time.
    let read = match may_manage(&organization).await {
        Ok(request) => Ok(discovery::fetch(&request.portal.outbound, &typed.issuer).await),
        Err(refusal) => Err(refusal),
    };
    let mut post = Post::begin("connection", connection_of(&organization, &provider), typed.values()).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let connection = typed.connection(read?)?;
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
    let typed = SamlTyped {
        metadata_url: metadata_url.trim().to_owned(),
        metadata,
        post_binding,
        accept_signed_response,
    };
    let read = match (may_manage(&organization).await, typed.metadata_url.is_empty()) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), true) => Ok(None),
        (Ok(request), false) => Ok(Some(read_metadata(&request.portal, &typed.metadata_url).await)),
    };
    let mut post = Post::begin("connection", connection_of(&organization, &provider), typed.values()).await?;
    let outcome = async {
        let found = managed_organization(&post.cx, &organization).await?;
        let id = id_of(&post.cx, &found, &provider).await?;
        let xml = typed.xml(read?)?;
        commands::change_saml(
            &mut post.cx,
            &found,
            id,
            version_of(&version),
            xml,
            typed.address(),
            typed.post_binding == "yes",
            typed.accept_signed_response == "yes",
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
            .saying(Flash::good("Our metadata is changed. Let the provider read it again.")))
    }
    .await;
    post.finish(outcome).await
}
