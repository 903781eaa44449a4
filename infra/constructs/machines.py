"""Machine clients: an app client of the user pool per entry of `clients:` in hub.yaml, its scopes permissions."""

import json
from collections.abc import Mapping

from aws_cdk import Aws, CfnOutput, Fn
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from hub.access.permissions import GRANTABLE, RESOURCE_SERVER
from hub.config import Client

TOKEN_MINUTES = 15


class Machines(Construct):
    """The clients by name, and what the API's functions are told of them. Without an entry nothing is made at all."""

    def __init__(self, scope: Construct, pool_id: str, declared: Mapping[str, Client]) -> None:
        super().__init__(scope, "Machines")
        self._pool_id = pool_id
        server = self._server() if declared else None
        self.clients = {name: self._client(name, client, server) for name, client in sorted(declared.items())}
        self.setting = json.dumps([{"id": made.ref, "name": name} for name, made in self.clients.items()])
        if declared:
            CfnOutput(scope, "TokenEndpoint", value=self._token_endpoint())

    def _server(self) -> cognito.CfnUserPoolResourceServer:
        scopes = [
            cognito.CfnUserPoolResourceServer.ResourceServerScopeTypeProperty(
                scope_name=permission, scope_description=f"The permission {permission}"
            )
            for permission in sorted(GRANTABLE)
        ]
        return cognito.CfnUserPoolResourceServer(
            self, "Server", user_pool_id=self._pool_id, identifier=RESOURCE_SERVER, name=RESOURCE_SERVER, scopes=scopes
        )

    def _client(
        self, name: str, declared: Client, server: cognito.CfnUserPoolResourceServer | None
    ) -> cognito.CfnUserPoolClient:
        """For client credentials alone: nobody signs in through it, whatever he knows."""
        client = cognito.CfnUserPoolClient(
            self,
            f"Client-{name}",
            user_pool_id=self._pool_id,
            client_name=name,
            generate_secret=True,
            allowed_o_auth_flows_user_pool_client=True,
            allowed_o_auth_flows=["client_credentials"],
            allowed_o_auth_scopes=[f"{RESOURCE_SERVER}/{permission}" for permission in sorted(set(declared.scopes))],
            explicit_auth_flows=["ALLOW_REFRESH_TOKEN_AUTH"],  # none at all would mean Cognito's default: passwords
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=TOKEN_MINUTES,
            token_validity_units=cognito.CfnUserPoolClient.TokenValidityUnitsProperty(access_token="minutes"),
        )
        if server:
            client.add_dependency(server)
        CfnOutput(self, f"Id-{name}", value=client.ref)
        return client

    def _token_endpoint(self) -> str:
        """Where clients get their tokens. The domain's name is the stack's own id: no two stages share it."""
        stack_id = Fn.select(2, Fn.split("/", Aws.STACK_ID))
        domain = cognito.CfnUserPoolDomain(
            self, "Domain", user_pool_id=self._pool_id, domain=Fn.join("", ["hub-", stack_id])
        )
        return Fn.join("", ["https://", domain.ref, ".auth.", Aws.REGION, ".amazoncognito.com/oauth2/token"])
