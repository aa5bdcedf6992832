"""Three people on a running Parley, through the client that openapi-python-client made from openapi.json.

Usage: scenario.py <url> <application key>. Ends with status 1 at the first thing that is not as the contract says.
"""

import sys
from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from parley_client import AuthenticatedClient, Client
from parley_client.api.blocks import add_block, get_block, remove_block
from parley_client.api.conversations import list_conversation_messages, list_conversations
from parley_client.api.groups import create_group, list_members
from parley_client.api.messages import list_messages, list_receipts, mark_read, send_message, send_messages
from parley_client.api.sessions import create_session, end_session
from parley_client.api.sync import sync
from parley_client.api.users import create_user, get_me, list_users
from parley_client.models import (
    Block,
    BlockState,
    BlockUser,
    ConversationPage,
    CreateGroup,
    CreateSession,
    CreateUser,
    Group,
    ListMessagesOrder,
    MemberPage,
    Message,
    MessagePage,
    MessageWindow,
    ProblemDetails,
    ReceiptPage,
    SendMessage,
    SendMessages,
    SendResults,
    SyncPage,
    SyncRequest,
    Tokens,
    User,
    UserPage,
)

T = TypeVar("T")
PASSWORD = "correct horse battery staple"


def expect(actual: object, wanted: object) -> None:
    if actual != wanted:
        raise AssertionError(f"{actual!r} instead of {wanted!r}")


def ok(kind: type[T], answer: object) -> T:
    """The answer of the kind that was hoped for."""
    if not isinstance(answer, kind):
        raise AssertionError(f"{answer!r} is no {kind.__name__}")
    return answer


def refused(answer: object, status: int, code: str) -> None:
    """A refusal is a typed problem, with the code to branch on."""
    problem = ok(ProblemDetails, answer)
    expect((problem.status, problem.code), (status, code))


class Person:
    def __init__(self, url: str, name: str) -> None:
        anyone = Client(base_url=url)
        body = CreateUser(username=name, password=PASSWORD, display_name=name.capitalize())
        self.id = ok(User, create_user.sync(client=anyone, body=body)).id
        tokens = ok(Tokens, create_session.sync(client=anyone, body=CreateSession(username=name, password=PASSWORD)))
        expect(tokens.user.username, name)
        self.name = name
        self.client = AuthenticatedClient(base_url=url, token=tokens.access_token)

    def send(self, recipient: str, text: str, **more: object) -> Message | ProblemDetails | None:
        body = SendMessage(recipient=recipient, text=text, **more)
        return send_message.sync(client=self.client, body=body)

    def texts(self, **filters: object) -> list[str]:
        page = ok(MessagePage, list_messages.sync(client=self.client, **filters))
        return [message.text for message in page.items]


def people_and_messages(url: str, ana: Person, ben: Person) -> None:
    first = ok(Message, ana.send(f"@{ben.name}", "Hello Ben"))
    expect((first.seq, first.sender.id, first.recipient.id, first.read), (1, ana.id, ben.id, False))
    expect(ben.texts(read=False), ["Hello Ben"])
    mark_read.sync_detailed(client=ben.client, id=first.id)
    expect(ben.texts(read=False), [])
    once = uuid4()
    again = [ok(Message, ana.send(str(ben.id), "Only once", client_message_id=once)).seq for _ in range(2)]
    expect(again, [2, 2])
    refused(ana.send(str(ben.id), "Something else", client_message_id=once), 409, "client-message-id-reused")
    expect(ben.texts(sender=f"@{ana.name}", order=ListMessagesOrder.OLDEST), ["Hello Ben", "Only once"])
    receipts = ok(ReceiptPage, list_receipts.sync(client=ana.client, id=first.id))
    expect([(receipt.user.id, receipt.read) for receipt in receipts.items], [(ben.id, True)])
    found = ok(UserPage, list_users.sync(client=ana.client, search=ben.name))
    expect([user.id for user in found.items], [ben.id])


def blocks(url: str, ana: Person, ben: Person) -> None:
    ok(Block, add_block.sync(client=ben.client, body=BlockUser(user=f"@{ana.name}")))
    refused(ana.send(str(ben.id), "Are you there?"), 403, "recipient-blocked-you")
    refused(add_block.sync(client=ben.client, body=BlockUser(user=str(ana.id))), 409, "already-blocked")
    state = ok(BlockState, get_block.sync(client=ana.client, address=f"@{ben.name}"))
    expect((state.blocked, state.blocks_you), (False, True))
    expect(remove_block.sync_detailed(client=ben.client, address=str(ana.id)).status_code, 204)
    ok(Message, ana.send(str(ben.id), "Hello again"))


def groups(url: str, ana: Person, ben: Person, cleo: Person) -> None:
    wanted = CreateGroup(name="Climbing", members=[f"@{ben.name}", str(cleo.id)])
    group = ok(Group, create_group.sync(client=ana.client, body=wanted))
    expect((group.member_count, group.role), (3, "owner"))
    members = ok(MemberPage, list_members.sync(client=ben.client, id=str(group.id)))
    expect({member.user.id for member in members.items}, {ana.id, ben.id, cleo.id})
    body = SendMessages(messages=[SendMessage(recipient=str(group.id), text=text) for text in ("One", "Two", " ")])
    outcomes = ok(SendResults, send_messages.sync(client=cleo.client, body=body))
    expect([outcome.status for outcome in outcomes.results], [201, 201, 422])
    window = ok(MessageWindow, list_conversation_messages.sync(client=ana.client, conversation=str(group.id)))
    expect([message.text for message in window.items], ["Two", "One"])
    heads = ok(ConversationPage, list_conversations.sync(client=ben.client))
    expect([head.unread for head in heads.items], [2, 2])


def catching_up(url: str, ana: Person, ben: Person, cleo: Person) -> None:
    answer = ok(SyncPage, sync.sync(client=cleo.client, body=SyncRequest()))
    expect([len(ahead.messages.items) for ahead in answer.conversations], [2])


def refusals(url: str, ana: Person) -> None:
    refused(ana.send("@nobody-at-all", "Hello?"), 404, "recipient-not-found")
    problem = ok(ProblemDetails, ana.send(f"@{ana.name}", "x" * 161))
    expect((problem.code, [error.field for error in problem.errors or []]), ("invalid", ["text"]))
    refused(get_me.sync(client=AuthenticatedClient(base_url=url, token="no-token")), 401, "not-signed-in")
    wrong = CreateSession(username=ana.name, password="not the password")
    refused(create_session.sync(client=Client(base_url=url), body=wrong), 401, "wrong-credentials")


def acting_for_users(url: str, key: str, ben: Person) -> None:
    app = AuthenticatedClient(base_url=url, token=key, prefix="", auth_header_name="X-Api-Key")
    brought = ok(User, create_user.sync(client=app, body=CreateUser(external_id=f"shop:{uuid4()}")))
    body = SendMessage(recipient=f"@{ben.name}", text="Your order is on its way")
    message = ok(Message, send_message.sync(client=app, body=body, on_behalf_of=str(brought.id)))
    expect(message.sender.id, brought.id)
    refused(send_message.sync(client=app, body=body), 400, "on-behalf-of-required")


def logging_out(url: str, ana: Person) -> None:
    expect(end_session.sync_detailed(client=ana.client, id="current").status_code, 204)
    refused(get_me.sync(client=ana.client), 401, "not-signed-in")


def main(url: str, key: str) -> None:
    ana, ben, cleo = (Person(url, name) for name in ("ana", "ben", "cleo"))
    steps: list[Callable[[], None]] = [
        lambda: people_and_messages(url, ana, ben),
        lambda: blocks(url, ana, ben),
        lambda: groups(url, ana, ben, cleo),
        lambda: catching_up(url, ana, ben, cleo),
        lambda: refusals(url, ana),
        lambda: acting_for_users(url, key, ben),
        lambda: logging_out(url, ana),
    ]
    for step in steps:
        step()
    print(f"{len(steps)} steps passed")


if __name__ == "__main__":
    main(*sys.argv[1:])
