"""The API's functions and routes. A route asks for a token unless the table of functions says that it is public."""

from aws_cdk import Aws, Fn
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.bundling import Layers
from infra.constructs.alarms import alarm
from infra.constructs.hub import Hub, HubStack
from infra.constructs.hub_function import HubFunction
from infra.constructs.stores import regional
from infra.functions import FUNCTIONS
from infra.rights import Route
from infra.stacks.access import Access

ERRORS_IN_FIVE_MINUTES = 5


class Api(HubStack):
    """Answers the console and other clients."""

    def __init__(self, scope: Construct, hub: Hub, access: Access) -> None:
        super().__init__(scope, "Api", hub)
        self._access = access
        layers = Layers(self, hub.home, hub.bundle)
        for name, spec in FUNCTIONS.items():
            if spec.trigger == "api":
                function = HubFunction(self, name, hub, layers)
                integration = self._integration(name, function)
                for route in spec.routes:
                    self._route(route, integration)
        errors = cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name="5xx",
            dimensions_map={"ApiId": access.api_id},
            statistic="sum",
        )
        alarm(self, "api-errors", errors, "The API fails.", hub.alarms, above=ERRORS_IN_FIVE_MINUTES)

    def _integration(self, name: str, function: lambda_.Function) -> gateway.CfnIntegration:
        lambda_.CfnPermission(
            self,
            f"Permission-{name}",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=regional("execute-api", f"{self._access.api_id}/*/*"),
        )
        invoke = [
            "arn:",
            Aws.PARTITION,
            ":apigateway:",
            Aws.REGION,
            ":lambda:path/2015-03-31/functions/",
            function.function_arn,
            "/invocations",
        ]
        return gateway.CfnIntegration(
            self,
            f"Integration-{name}",
            api_id=self._access.api_id,
            integration_type="AWS_PROXY",
            integration_uri=Fn.join("", invoke),
            payload_format_version="2.0",
        )

    def _route(self, route: Route, integration: gateway.CfnIntegration) -> None:
        key = f"{route.method} {route.path}".strip()
        open_to_all = {"authorization_type": "NONE"}
        with_token = {"authorization_type": "JWT", "authorizer_id": self._access.authorizer_id}
        gateway.CfnRoute(
            self,
            f"Route-{key}".replace("/", "-"),
            api_id=self._access.api_id,
            route_key=key,
            target=f"integrations/{integration.ref}",
            **(open_to_all if route.public else with_token),
        )
