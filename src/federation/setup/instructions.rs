//! Where in which product the values of both sides are entered, step by step.

use crate::federation::Preset;

/// The steps for a product, in order. The words in quotation marks stand there.
pub const fn steps(preset: Preset) -> &'static [&'static str] {
    match preset {
        Preset::Entra => &[
            "In the Entra admin center open \u{201c}App registrations\u{201d} and choose \u{201c}New registration\u{201d}.",
            "As \u{201c}Redirect URI\u{201d} choose \u{201c}Web\u{201d} and enter the redirect address from here.",
            "Under \u{201c}Authentication\u{201d} add the sign-out address from here as a second redirect address.",
            "Under \u{201c}Certificates & secrets\u{201d} make a \u{201c}New client secret\u{201d} and copy its value.",
            "Under \u{201c}Token configuration\u{201d} add the optional claims email, family_name and given_name, and a groups claim if groups are to give roles.",
            "The issuer is https://login.microsoftonline.com/ followed by your \u{201c}Directory (tenant) ID\u{201d} and /v2.0. The client id is the \u{201c}Application (client) ID\u{201d}.",
        ],
        Preset::Okta => &[
            "In the Okta admin console open \u{201c}Applications\u{201d}, choose \u{201c}Create App Integration\u{201d}, then \u{201c}OIDC - OpenID Connect\u{201d} and \u{201c}Web Application\u{201d}.",
            "Enter the redirect address from here under \u{201c}Sign-in redirect URIs\u{201d} and the sign-out address under \u{201c}Sign-out redirect URIs\u{201d}.",
            "Under \u{201c}Assignments\u{201d} choose who may use the portal.",
            "Under \u{201c}Sign On\u{201d} add a groups claim if groups are to give roles.",
            "Copy \u{201c}Client ID\u{201d} and \u{201c}Client secret\u{201d}. The issuer is your Okta address, for example https://acme.okta.com.",
        ],
        Preset::Google => &[
            "In the Google Cloud console open \u{201c}APIs & Services\u{201d}, then \u{201c}Credentials\u{201d}, and choose \u{201c}Create credentials\u{201d}, \u{201c}OAuth client ID\u{201d}, \u{201c}Web application\u{201d}.",
            "Enter the redirect address from here under \u{201c}Authorized redirect URIs\u{201d}.",
            "On the consent screen choose \u{201c}Internal\u{201d}, so that only the company's people can sign in.",
            "Copy \u{201c}Client ID\u{201d} and \u{201c}Client secret\u{201d}. The issuer is https://accounts.google.com.",
        ],
        Preset::Keycloak => &[
            "In your realm open \u{201c}Clients\u{201d} and choose \u{201c}Create client\u{201d} with the type \u{201c}OpenID Connect\u{201d}.",
            "Turn \u{201c}Client authentication\u{201d} on.",
            "Enter the redirect address from here under \u{201c}Valid redirect URIs\u{201d} and the sign-out address under \u{201c}Valid post logout redirect URIs\u{201d}.",
            "Under \u{201c}Logout settings\u{201d} enter the address for logout from behind as \u{201c}Backchannel logout URL\u{201d}.",
            "Copy the secret under \u{201c}Credentials\u{201d}. The issuer is your Keycloak address followed by /realms/ and the name of the realm.",
        ],
        Preset::Oidc => &[
            "Register this portal as a confidential web application with the authorization code flow and PKCE.",
            "Enter the redirect address and the sign-out address from here, and the address for logout from behind if the provider has a field for it.",
            "Copy the client id and the secret, and find out the issuer: the address before /.well-known/openid-configuration.",
        ],
        Preset::Saml => &[
            "Add this portal as a service provider (or \u{201c}relying party\u{201d}) and give it our metadata: by address, or as a file from that address.",
            "If the provider asks for single values: enter the entity id, the address for responses, and the address for logout from here.",
            "Let assertions be signed with SHA-256, and let the NameID be persistent or the e-mail address.",
            "Send the attributes mail, givenName and sn, and groups if groups are to give roles.",
            "Copy the address of the provider's metadata, or download the file.",
        ],
    }
}
