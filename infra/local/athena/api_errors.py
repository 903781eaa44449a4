"""Errors that the Athena API itself answers with, as AWS shapes them."""


class ApiError(Exception):
    """`code` is the exception's name in the AWS SDK; `athena_code` AWS's finer word for an invalid request."""

    def __init__(self, code: str, message: str, status: int = 400, athena_code: str = "INVALID_INPUT") -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.athena_code = code, message, status, athena_code


def invalid(message: str, athena_code: str = "INVALID_INPUT") -> ApiError:
    return ApiError("InvalidRequestException", message, athena_code=athena_code)
