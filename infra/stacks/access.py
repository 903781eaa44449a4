"""Who may come in: the user pool with its roles, and the HTTP API's door (routes are in the Api stack)."""

import json

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_logs as logs
from constructs import Construct

from hub.access.limits import Limits
from hub.access.permissions import ROLES
from hub.config import HubConfig
from infra.constructs.hub import Hub, HubStack
from infra.constructs.machines import Machines

# What an access log line holds: no address, no user, no query string, so no personal data.
LOG_FIELDS = (
    "requestId",
    "requestTime",
    "routeKey",
    "status",
    "protocol",
    "responseLength",
    "responseLatency",
    "integrationLatency",
    "integrationErrorMessage",
    "authorizer.error",
)
REQUESTS_PER_SECOND, BURST = 100, 200


class Access(HubStack):
    """Sign-in and the door; `api_id` and `authorizer_id` are what a route needs."""

    def __init__(self, scope: Construct, hub: Hub) -> None:
        super().__init__(scope, "Access", hub)
        pool = self._user_pool()
        client = self._client(pool)
        for role in {**ROLES, **hub.deployment.roles}:
            cognito.CfnUserPoolGroup(self, f"Role-{role}", user_pool_id=pool.user_pool_id, group_name=role)
        machines = Machines(self, pool.user_pool_id, hub.deployment.hub.clients)
        hub.stores.add(
            "user_pool",
            pool.user_pool_arn,
            USER_POOL_ID=pool.user_pool_id,
            USER_POOL_CLIENT_ID=client.user_pool_client_id,
            MACHINE_CLIENTS=machines.setting,
            QUOTAS=_limits(hub.deployment.hub).model_dump_json(),
        )
        api = gateway.CfnApi(
            self, "Http", name=f"{hub.stage}-hub", protocol_type="HTTP", description="The hub's API and console"
        )
        self.api_id = api.ref
        self._stage(api)
        authorizer = gateway.CfnAuthorizer(
            self,
            "Jwt",
            api_id=api.ref,
            name="user-pool",
            authorizer_type="JWT",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=gateway.CfnAuthorizer.JWTConfigurationProperty(
                audience=[client.user_pool_client_id, *(machine.ref for machine in machines.clients.values())],
                issuer=pool.user_pool_provider_url,
            ),
        )
        self.authorizer_id = authorizer.ref
        domain = hub.deployment.hub.domain
        url = f"https://{domain}" if domain else api.attr_api_endpoint
        hub.stores.settings["PUBLIC_URL"] = url
        CfnOutput(self, "PublicUrl", value=url)
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=client.user_pool_client_id)

    def _user_pool(self) -> cognito.UserPool:
        return cognito.UserPool(
            self,
            "Users",
            self_sign_up_enabled=False,
            sign_in_case_sensitive=False,
            sign_in_aliases=cognito.SignInAliases(username=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True)
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(7),
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _client(self, pool: cognito.UserPool) -> cognito.UserPoolClient:
        """For the session function alone: only its role may sign people in, so nobody goes round its lock-out."""
        return pool.add_client(
            "Session",
            auth_flows=cognito.AuthFlow(admin_user_password=True),
            disable_o_auth=True,
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=Duration.minutes(15),
            id_token_validity=Duration.minutes(15),
            refresh_token_validity=Duration.hours(12),
        )

    def _stage(self, api: gateway.CfnApi) -> None:
        log_group = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        gateway.CfnStage(
            self,
            "Stage",
            api_id=api.ref,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=gateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn,
                format=json.dumps({field: f"$context.{field}" for field in LOG_FIELDS}),
            ),
            default_route_settings=gateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=REQUESTS_PER_SECOND, throttling_burst_limit=BURST, detailed_metrics_enabled=False
            ),
        )


def _limits(hub: HubConfig) -> Limits:
    """What hub.yaml says about quotas, as the functions are told it."""
    clients = {name: client.quota for name, client in hub.clients.items() if client.quota}
    return Limits(default=hub.quotas.default, roles=hub.quotas.roles, clients=clients)
