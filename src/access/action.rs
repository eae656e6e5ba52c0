//! The closed list of actions that are decided.

use crate::kernel::string_enum;

string_enum! {
    /// Something somebody may be allowed to do. The spelling is the Cedar action's.
    pub enum Action {
        /// See the team's people.
        ViewTeam = "ViewTeam",
        /// Invite, resend, withdraw.
        InviteMember = "InviteMember",
        /// Replace a leaver by a joiner.
        RotateMember = "RotateMember",
        /// Pause a member.
        SuspendMember = "SuspendMember",
        /// Take a suspension back.
        ReinstateMember = "ReinstateMember",
        /// End a membership.
        RemoveMember = "RemoveMember",
        /// Set a leave date.
        ScheduleLeave = "ScheduleLeave",
        /// Change a member's role.
        ChangeRole = "ChangeRole",
        /// Assign, narrow and take away applications.
        AssignApplication = "AssignApplication",
        /// See what the organization holds.
        ViewTeamApps = "ViewTeamApps",
        /// Read and export one organization's trail.
        ViewTrail = "ViewTrail",
        /// Change colour and logo.
        EditBranding = "EditBranding",
        /// Change sign-in rules of the organization.
        EditSignInRules = "EditSignInRules",
        /// Connect the organization's identity provider and prove its domains.
        ManageSignIn = "ManageSignIn",
        /// Begin a connection and say how its provider is reached, what is read, and try it: nobody signs in by that yet.
        SetUpConnection = "SetUpConnection",
        /// Let somebody without an account do so, by a link.
        SendSetupLink = "SendSetupLink",
        /// Let a system act for oneself.
        DelegateOneself = "DelegateOneself",
        /// End what acts for oneself.
        EndOwnDelegation = "EndOwnDelegation",
        /// See what acts for the organization's people.
        ViewDelegations = "ViewDelegations",
        /// Let a system act for somebody of the organization.
        GiveDelegation = "GiveDelegation",
        /// End what acts for somebody of the organization.
        EndDelegation = "EndDelegation",
        /// See one partner as its owner.
        ViewPartner = "ViewPartner",
        /// Create an organization.
        CreateOrganization = "CreateOrganization",
        /// Edit an organization's profile.
        EditOrganization = "EditOrganization",
        /// Name owner and deputy.
        AssignOwner = "AssignOwner",
        /// Activate, suspend, offboard.
        ChangeOrganizationStatus = "ChangeOrganizationStatus",
        /// Add and change contracts.
        ManageContract = "ManageContract",
        /// Entitle an organization.
        ManageEntitlements = "ManageEntitlements",
        /// Certify or decline.
        Certify = "Certify",
        /// See the list of partners.
        ViewPartners = "ViewPartners",
        /// See the operator's pages.
        ViewAdmin = "ViewAdmin",
        /// Change the catalogue.
        ManageCatalogue = "ManageCatalogue",
        /// Give and take roles in the tenant, change the tenant.
        ManageTenant = "ManageTenant",
        /// Read and export everybody's trail.
        ViewWholeTrail = "ViewWholeTrail",
        /// See and retry messages.
        ManageOutbox = "ManageOutbox",
        /// See the policies of the operator, and try them.
        ViewPolicies = "ViewPolicies",
        /// Write policies and put them in force.
        ManagePolicies = "ManagePolicies",
        /// Start an application.
        Launch = "Launch",
        /// Use one scope of an application.
        UseScope = "UseScope",
    }
}

/// What an action is decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sphere {
    /// On one partner organization.
    Organization,
    /// On the tenant as a whole.
    Tenant,
    /// On a launch.
    Launch,
    /// On one scope of a launch.
    Scope,
}

impl Action {
    /// What the action is decided on.
    #[must_use]
    pub const fn sphere(self) -> Sphere {
        match self {
            Self::CreateOrganization
            | Self::ViewPartners
            | Self::ViewAdmin
            | Self::ManageCatalogue
            | Self::ManageTenant
            | Self::ViewWholeTrail
            | Self::ManageOutbox
            | Self::ViewPolicies
            | Self::ManagePolicies => Sphere::Tenant,
            Self::Launch => Sphere::Launch,
            Self::UseScope => Sphere::Scope,
            _ => Sphere::Organization,
        }
    }

    /// Whether it changes something (and so asks for a step-up where the organization requires it, and is closed to a
    /// leaver who may only look).
    #[must_use]
    pub const fn changes_something(self) -> bool {
        !matches!(
            self,
            Self::ViewTeam
                | Self::ViewTeamApps
                | Self::ViewTrail
                | Self::ViewDelegations
                // Stopping what acts in one's own name is never kept waiting.
                | Self::EndOwnDelegation
                | Self::ViewPartner
                | Self::ViewPartners
                | Self::ViewAdmin
                | Self::ViewWholeTrail
                | Self::ViewPolicies
                | Self::Launch
                | Self::UseScope
        )
    }
}
