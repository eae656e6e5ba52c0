//! Forms about the catalogue.

use leptos::prelude::*;
use server_fn::ServerFnError;

use super::{identifier, segment};
use crate::{
    apps::{ApplicationDraft, ScopeAccess, ScopeDraft, catalogue, commands},
    kernel::PersonId,
    ui::{APP_ICONS, Flash},
    web::{Done, FieldErrors, Post, Refusal, fields, routes},
};

struct Typed {
    slug: String,
    name: String,
    description: String,
    icon: String,
    category: String,
    launch_url: String,
    owner: String,
}

impl Typed {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("slug", self.slug.clone()),
            ("name", self.name.clone()),
            ("description", self.description.clone()),
            ("icon", self.icon.clone()),
            ("category", self.category.clone()),
            ("launch_url", self.launch_url.clone()),
            ("owner", self.owner.clone()),
        ]
    }

    fn draft(&self, slug: Option<String>) -> Result<ApplicationDraft, Refusal> {
        let mut errors = FieldErrors::default();
        let slug = match slug {
            Some(known) => Some(known),
            None => errors.take("slug", catalogue::slug(&self.slug)),
        };
        let name = fields::required_text(&mut errors, "name", &self.name, 60, "Enter the name that stands on the tile.");
        let description = fields::required_text(
            &mut errors,
            "description",
            &self.description,
            200,
            "Say in one sentence what it is for.",
        );
        let category = fields::required_text(
            &mut errors,
            "category",
            &self.category,
            40,
            "Enter the heading it stands under, for example Logistics.",
        );
        let launch_url = errors.take("launch_url", catalogue::launch_url(&self.launch_url));
        if !APP_ICONS.contains(&self.icon.as_str()) {
            errors.add("icon", "Choose one of the icons.");
        }
        let owner = if self.owner.is_empty() {
            Some(None)
        } else {
            fields::choice::<PersonId>(&mut errors, "owner", &self.owner).map(Some)
        };
        let (Some(slug), Some(name), Some(description), Some(category), Some(launch_url), Some(owner)) =
            (slug, name, description, category, launch_url, owner)
        else {
            return Err(errors.refusal());
        };
        errors.check()?;
        Ok(ApplicationDraft {
            slug,
            name,
            description,
            icon: self.icon.clone(),
            category,
            launch_url,
            owner,
        })
    }
}

/// Adds an application.
#[server(prefix = "/do", endpoint = "create-application")]
pub async fn create_application(
    #[server(default)] slug: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] icon: String,
    #[server(default)] category: String,
    #[server(default)] launch_url: String,
    #[server(default)] owner: String,
) -> Result<(), ServerFnError> {
    let typed = Typed {
        slug,
        name,
        description,
        icon,
        category,
        launch_url,
        owner,
    };
    let mut post = Post::begin("application", routes::ADMIN_NEW_APP, typed.pairs()).await?;
    let outcome = async {
        commands::may_change_catalogue(&post.cx, None).await?;
        let draft = typed.draft(None)?;
        let application = commands::create_application(&mut post.cx, draft).await?;
        let said = format!(
            "{} is in the catalogue. Add its permissions next; then partners can be given it.",
            application.name
        );
        Ok(Done::to(routes::admin_app(&application.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Changes an application.
#[server(prefix = "/do", endpoint = "change-application")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn change_application(
    #[server(default)] application: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] icon: String,
    #[server(default)] category: String,
    #[server(default)] launch_url: String,
    #[server(default)] owner: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let typed = Typed {
        slug: application.clone(),
        name,
        description,
        icon,
        category,
        launch_url,
        owner,
    };
    let mut post = Post::begin("application", routes::admin_app(&application), typed.pairs()).await?;
    let outcome = async {
        commands::may_change_catalogue(&post.cx, Some(&application)).await?;
        let draft = typed.draft(Some(application.clone()))?;
        let changed = commands::change_application(&mut post.cx, identifier(&version)?, draft).await?;
        Ok(Done::to(routes::admin_app(&changed.slug)).saying(Flash::good(format!("{} was changed.", changed.name))))
    }
    .await;
    post.finish(outcome).await
}

/// Retires an application, or restores it (`restore` is `yes`).
#[server(prefix = "/do", endpoint = "retire-application")]
pub async fn retire_application(#[server(default)] application: String, #[server(default)] restore: String) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let restore = restore == "yes";
    let mut post = Post::begin("retire", routes::admin_app(&application), Vec::<(String, String)>::new()).await?;
    let outcome = async {
        let done = commands::retire_application(&mut post.cx, &application, restore).await?;
        let said = if restore {
            format!("{} can be launched again by everyone who still holds it.", done.name)
        } else {
            format!("{} is retired. Nobody can launch it any more.", done.name)
        };
        Ok(Done::to(routes::admin_app(&done.slug)).saying(Flash::good(said)))
    }
    .await;
    post.finish(outcome).await
}

/// Adds a permission to an application, or changes one (`change` is `yes`).
#[server(prefix = "/do", endpoint = "put-scope")]
#[allow(clippy::too_many_arguments, reason = "one per field of the form")]
pub async fn put_scope(
    #[server(default)] application: String,
    #[server(default)] version: String,
    #[server(default)] name: String,
    #[server(default)] description: String,
    #[server(default)] access: String,
    #[server(default)] high_value: String,
    #[server(default)] change: String,
) -> Result<(), ServerFnError> {
    let application = segment(&application);
    let change = change == "yes";
    let form = if change { format!("scope-{name}") } else { "scope".to_owned() };
    let kept = [
        ("name", name.clone()),
        ("description", description.clone()),
        ("access", access.clone()),
        ("high_value", high_value.clone()),
    ];
    let mut post = Post::begin(&form, routes::admin_app(&application), kept).await?;
    let outcome = async {
        commands::may_change_catalogue(&post.cx, Some(&application)).await?;
        let mut errors = FieldErrors::default();
        let name = errors.take("name", catalogue::scope_name(&name));
        let description = fields::required_text(
            &mut errors,
            "description",
            &description,
            200,
            "Say in one sentence what it allows, for example: Change orders.",
        );
        let access = fields::choice::<ScopeAccess>(&mut errors, "access", &access);
        let (Some(name), Some(description), Some(access)) = (name, description, access) else {
            return Err(errors.refusal());
        };
        let draft = ScopeDraft {
            name,
            description,
            access,
            high_value: high_value == "yes",
        };
        let scope = commands::put_scope(&mut post.cx, &application, version.trim().parse().unwrap_or(-1), draft, change).await?;
        let verb = if change { "changed" } else { "added" };
        Ok(Done::to(routes::admin_app(&application)).saying(Flash::good(format!("The permission {} was {verb}.", scope.name))))
    }
    .await;
    post.finish(outcome).await
}
