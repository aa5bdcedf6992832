"""What Schemathesis cannot know: whom to act for, and that they are still needed when it tries to remove them."""

import json
import os
import urllib.request

import schemathesis

BASE_URL = os.environ["PARLEY_URL"]
KEY = os.environ["PARLEY_KEY"]
CALLER = os.environ["PARLEY_CALLER"]
AS_APPLICATION = os.environ["PARLEY_SCHEME"] == "apiKey"

#: Who calls, and whom the examples of the contract name.
NEEDED = {CALLER, "@ana", "@ben", "%40ana", "%40ben"}


def new_user() -> str:
    headers = {"X-Api-Key": KEY, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{BASE_URL}/v1/users", b"{}", headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)["id"]


@schemathesis.hook
def before_call(context, case, kwargs) -> None:
    operation = case.operation.definition.raw
    if not is_spoilt(case):
        case.headers.pop("On-Behalf-Of", None)
        if AS_APPLICATION and acts_for_users(operation):
            case.headers["On-Behalf-Of"] = new_user() if operation["operationId"] == "removeMe" else CALLER
            # What was to be refused for its headers is now as it should be, but for this one that was made up beside.
            case.headers.pop("Content-Type", None)
    if is_long(case.query):
        case.query["wait"] = 1
    address = str((case.path_parameters or {}).get("address"))
    if operation["operationId"] == "removeUser" and address.lower() in NEEDED:
        case.path_parameters["address"] = new_user()


def acts_for_users(operation) -> bool:
    return any("OnBehalfOf" in parameter.get("$ref", "") for parameter in operation.get("parameters", []))


def is_spoilt(case) -> bool:
    """Whether this case wants to be refused for a header."""
    header = case.headers.get("On-Behalf-Of")
    return header is not None and case.meta is not None and case.meta.generation.mode.is_negative


def is_long(query) -> bool:
    """Whether a valid request would be held longer than one can wait for."""
    wait = str((query or {}).get("wait"))
    return wait.isdecimal() and 1 < int(wait) <= 55
