"""What a template may say, and how one person's message is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.campaigns.content import Content, problems, render

URL = "https://hub.example/v1/links/unsubscribe?token=a.b.c&x=1"


@pytest.mark.parametrize(
    ("subject", "text", "html", "fields", "why"),
    [
        ("Hello {{given_name}}", "Hi", "<p>Hi</p>", [], "the plain case"),
        ("Hello {{ given_name | friend }}", "Hi", "<p>Hi</p>", [], "blanks and a stand-in"),
        ("Hello {{given_nam}}", "Hi", "<p>Hi</p>", ["subject"], "a misspelt variable"),
        ("Hi", "{{birth_date}}", "<p>{{email}}</p>", ["text", "html"], "values that no message may show"),
        ("Hi", "Hi {{given_name", "<p>}}</p>", ["text", "html"], "a variable that is not closed"),
        ("Hi", "{% if x %}", "<p>{{#each}}</p>", ["text", "html"], "another language's templates"),
        ("Hi\r\nBcc: all@example.com", "Hi", "<p>Hi</p>", ["subject"], "a header in the subject"),
        ("Hi\u2028there", "Hi", "<p>Hi</p>", ["subject"], "a line separator is a line end for some readers"),
        ("  ", "Hi", "<p>Hi</p>", ["subject"], "an empty subject"),
        ("x" * 201, "Hi", "<p>Hi</p>", ["subject"], "too long a subject"),
        ("Hi", " ", "<p>Hi</p>", ["text"], "no text form"),
        ("Stop: {{unsubscribe_url}}", "Hi", "<p>Hi</p>", ["subject"], "a link in the subject is none"),
        ("Hi", "{{given_name.__class__}}", "<p>Hi</p>", ["text"], "only names, no expressions"),
        ("Hi", "Hi", "<a title={{city}}>Hi</a>", ["html"], "a value could begin another attribute"),
        ("Hi", "Hi", '<a title="{{city}}">a = {{city}}</a>', [], "with quotes it cannot; nor in text"),
        ("Hi", "Hi", "<a title=x{{city}}>Hi</a>", ["html"], "nor may it go on with one"),
        ("Hi", "Hi", '<a title=x"{{city}}">Hi</a>', ["html"], "quotes within a value are no quotes around it"),
        ("Hi", "Hi", "<b {{city}}>Hi</b>", ["html"], "nor be one itself"),
        ("Hi", "Hi", "<{{city}}>Hi", ["html"], "nor a tag"),
        ("Hi", "Hi", "<p>1 < 2, it's {{city}}</p><!-- {{city}} -->", [], "text and remarks are no tags"),
        ("Hi", "Hi", "<a href='{{city}}'>Hi</a>", ["html"], "a name could be a script's address"),
        ("Hi", "Hi", "<a href='{{ unsubscribe_url }}'>x</a><a href='https://x.example/{{city}}'>x</a>", [], "links"),
        ("Hi", "Hi", "<a href=' javascript:say()'>Hi</a>", ["html"], "a script in a link"),
        ("Hi", "Hi", "<img src='data:image/png;base64,AA'>", [], "a picture in the mail itself"),
        ("Hi", "Hi", "<img alt='' onerror='say()'>", ["html"], "a script in an attribute"),
        ("Hi", "Hi", "<style>p{color:{{city}}}</style>", ["html"], "a value in a style could load something"),
        ("Hi", "Hi", "<form action='https://x.example'>", ["html"], "mail asks for nothing to be typed in"),
        ("{{\u00a0unsubscribe_url}}", "Hi", "Hi", ["subject"], "any blank may stand before the name"),
        ("Hi\u0085there", "Hi", "<p>Hi</p>", ["subject"], "the next-line character ends a line too"),
        ("Hi", "Hi", "<SCRIPT>say('{{city}}')</SCRIPT>", ["html"], "no mail needs a script"),
    ],
)
def test_problems(subject, text, html, fields, why):
    assert [problem["field"] for problem in problems(Content(subject, text, html))] == fields, why


@pytest.mark.parametrize(
    ("template", "person", "text", "html", "why"),
    [
        ("Dear {{given_name}}", {"given_name": "Asha"}, "Dear Asha", "Dear Asha", "the plain case"),
        ("Dear {{given_name|friend}}", {}, "Dear friend", "Dear friend", "who has no name is a friend"),
        ("Dear {{given_name}}", {"given_name": None}, "Dear ", "Dear ", "nothing stands for nothing"),
        ("{{city}}", {"city": "<b>&\"'"}, "<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;", "escaped in HTML alone"),
        (
            "{{city}}",
            {"city": "{{unsubscribe_url}}"},
            "{{unsubscribe_url}}",
            "{{unsubscribe_url}}",
            "a value is no template",
        ),
        ("{{city}}", {"city": "a\r\nb"}, "a b", "a b", "a value has no line ends"),
        ("{{city}}", {"city": "x" * 999}, "x" * 200, "x" * 200, "a value is cut"),
        ("नमस्ते {{given_name}}", {"given_name": "आशा"}, "नमस्ते आशा", "नमस्ते आशा", "any script"),
    ],
)
def test_render(template, person, text, html, why):
    end = "{{unsubscribe_url}}"
    made = render(Content(template[:190], f"{template}|{end}", f"{template}|{end}"), person, "U")
    assert made.text == f"{text}|U", why
    assert made.html == f"{html}|U", why


def test_a_message_always_has_a_link_to_unsubscribe():
    made = render(Content("Hi", "Hello", "<html><body><p>Hello</p></body></html>"), {}, URL)
    assert made.text.endswith(f"Unsubscribe: {URL}\n")
    assert made.html.index("token=a.b.c&amp;x=1") < made.html.index("</body>")


@given(st.text(max_size=50))
def test_no_value_makes_a_second_line_in_a_subject(value):
    made = render(Content("Hello {{given_name}}", "x", "x"), {"given_name": value}, URL)
    assert not any(c in made.subject for c in "\r\n\0\u2028\u2029\x0b\x0c\x1f")
