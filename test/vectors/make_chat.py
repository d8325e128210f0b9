"""Makes text/jinja.json: what Jinja2 makes of snippets and whole chat templates, set up as transformers does.

pip install jinja2==3.1.6; python3 test/vectors/make_chat.py
"""

import json
from pathlib import Path

from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

OUT = Path(__file__).parent / "text" / "jinja.json"


class Generation(Extension):
    """The tag generation of transformers, which marks what the assistant says and writes it as it is."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_same"), [], [], body).set_lineno(line)

    def _same(self, caller):
        return caller()


def refuse(message):
    raise ValueError(message)


ENV = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
ENV.filters["tojson"] = lambda x, ensure_ascii=False, indent=None, separators=None, sort_keys=False: json.dumps(
    x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
)
ENV.globals["raise_exception"] = refuse

MESSAGES = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": " Hi, <b>you</b> & 'me'\n"},
    {
        "role": "assistant",
        "content": "\n\n  Yes.  \n",
        "tool_calls": [
            {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": [1.5, True, None], "c": 'é"'}}}
        ],
    },
    {"role": "tool", "content": "3", "name": "add"},
    {"role": "user", "content": "Bye 🙂"},
]
VARIABLES = {
    "messages": MESSAGES,
    "add_generation_prompt": True,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "numbers": [3, 1, 2, 10, 2],
    "floats": [0.5, 2.5, 1e16, 1e-5, 123456.789, -0.25],
    "words": ["pear", "Apple", "fig", "apple", "Zoo"],
    "nested": {"b": {"x": [1, 2, {"y": None}]}, "a": "text", "get": 1},
    "people": [
        {"name": "Bo", "age": 7, "city": {"n": "A"}},
        {"name": "al", "age": 5, "city": {"n": "b"}},
        {"name": "Cy", "age": 7},
    ],
    "text": "  The quick brown fox,\tjumps; over\r\nthe lazy dog  ",
    "line": "one two  three",
    "empty": "",
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "add",
                "description": 'Adds "two" numbers\n',
                "parameters": {
                    "type": "object",
                    "properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}},
                    "required": ["a"],
                },
            },
        }
    ],
    "yes": True,
    "no": False,
    "nothing": None,
    "n": 7,
    "x": "X",
}

# One snippet a line.
SNIPPETS = r"""
{{ text.strip() }}|
{{ text.lstrip() }}|
{{ text.rstrip() }}|
{{ 'xxhixyx'.strip('x') }} {{ 'xxhixyx'.lstrip('yx') }} {{ 'xxhixyx'.rstrip('xy') }}
{{ '\n\n a \n'.strip('\n') }}|{{ ' a '.strip(none) }}|
{{ line.split() }} {{ line.split(' ') }} {{ line.split(' ', 1) }} {{ line.split(maxsplit=1) }} {{ line.rsplit(' ', 1) }} {{ line.rsplit(none, 1) }}
{{ 'a,b,,c'.split(',') }} {{ 'a--b'.split('--') }} {{ ''.split() }} {{ ''.split(',') }}
{{ 'a</think>b</think>c'.split('</think>')[-1] }} {{ 'abc'.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') }}
{{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\nb\n'.splitlines(true) }}
{{ line.startswith('one') }} {{ line.endswith(('x', 'three')) }} {{ line.startswith('two', 4) }} {{ line.endswith('e', 0, 3) }}
{{ line.find('t') }} {{ line.rfind('t') }} {{ line.find('zz') }} {{ line.index('two') }} {{ line.count('e') }} {{ 'aaa'.count('aa') }} {{ 'abc'.count('') }}
{{ line.index('zz') }}
{{ line.replace('o', '0') }} {{ line.replace('o', '0', 1) }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('', '-', 2) }}
{{ line.upper() }} {{ line.title() }} {{ line.capitalize() }} {{ 'aBc'.swapcase() }} {{ 'ÉÀ'.lower() }} {{ "they're bill's".title() }}
{{ '-'.join(['a', 'b']) }} {{ ''.join([]) }}
{{ '-'.join([1]) }}
{{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }}
{{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'abc'.removesuffix('') }}
{{ '7'.zfill(3) }} {{ '-7'.zfill(4) }} {{ 'ab'.ljust(5, '.') }}| {{ 'ab'.rjust(5) }}| {{ 'ab'.center(5, '*') }} {{ 'abc'.center(6, '*') }} {{ 'ab'.center(7,'*') }}
{{ 'abc'.isalpha() }} {{ 'ab1'.isalnum() }} {{ '12'.isdigit() }} {{ ''.isdigit() }} {{ ' \n'.isspace() }} {{ 'AB1'.isupper() }} {{ 'ab'.islower() }} {{ '1'.isupper() }} {{ '12'.isdecimal() }} {{ '12'.isnumeric() }}
{{ 'a {} b {} {}'.format(1, 'x', none) }} {{ '{1} {0}'.format('a', 'b') }} {{ '{k}-{{}}'.format(k=2) }} {{ '{:>5}|{:<4}|{:^5}|{:05d}|{:.2f}|{:,}'.format('a', 'b', 'c', 42, 2.345, 1234567) }} {{ '{!r}'.format('a') }} {{ '{:x} {:+d} {:%}'.format(255, 3, 0.5) }}
{{ '{} {}'.format(1) }}
{{ '%s-%d' % ('a', 3) }} {{ '%s' % 'a' }} {{ '%s' % none }} {{ '%05.1f|%x|%X|%o|%c|%%|%r' % (3.14159, 255, 255, 8, 'z', 'q') }} {{ '%(a)s %(b)d' % {'a': 1, 'b': 2} }} {{ '%-5s|%5s|%+d' % ('a', 'b', 3) }} {{ '%s' % [1, 'a'] }} {{ '%i' % 3.9 }} {{ '%.3s' % 'abcdef' }}
{{ '%s %s' % 'a' }}
{{ '%d' % 'a' }}
{{ 'a' % 1 }}
{{ '%.0f %.0f %.1f %.2f' % (0.5, 1.5, 0.25, 1.005) }}
{{ true }} {{ false }} {{ none }} {{ True }} {{ None }} {{ 1.0 }} {{ 1.5 }} {{ 1e3 }} {{ 1_000 }} {{ 0x1f }} {{ 0b11 }} {{ 0o17 }} {{ 1.5e-7 }} {{ floats }}
{{ [1, 'a', true, none, 1.0, [2], {'k': 'v'}, (1,), (1, 2), ()] }}
{{ {'a': 1, 'b': [true], 3: 'x'} }}
{{ ['it\'s', 'say "hi"', 'both \' and "', 'a\nb\t\\', 'é\x00\x7f\u200b🙂'] }}
{{ 'a' 'b' }} {{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ [1] }}
{{ 'a' + 'b' }} {{ [1] + [2] }} {{ (1,) + (2,) }} {{ 'ab' * 2 }} {{ [1] * 2 }} {{ 2 * 'ab' }} {{ 'a' * -1 }}|
{{ 'a' + 1 }}
{{ none + 'a' }}
{{ 1 + 2 * 3 - 4 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1 + 1.0 }} {{ true + 1 }} {{ 0.1 + 0.2 }} {{ 1e308 * 10 }}
{{ 1 ~ 2 + 3 }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ (n) - 1 }} {{ n - 1 }} {{ n -1 }} {{ [1,2][1] - 1 }} {{ messages | length - 1 }} {{ {'a': 1}['a'] - 1 }} {{ -n }} {{ +n }} {{ - -n }} {{ not n }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ 'B' < 'a' }} {{ [1, 2] < [1, 3] }} {{ (1,) < (1, 0) }} {{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ [1] == [1.0] }} {{ none == false }} {{ 'a' != 'b' }} {{ 1 >= 1 }} {{ {'a': 1} == {'a': 1} }} {{ 'ﬀ' < '🙂' }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ {} < {} }}
{{ 'a' in 'abc' }} {{ 'z' not in 'abc' }} {{ 1 in [1, 2] }} {{ 'a' in nested }} {{ 1 in (2, 3) }} {{ 'x' in undefined_thing }} {{ 'role' in messages[0] }} {{ 2.0 in [1, 2] }} {{ 3 in range(5) }} {{ 'b' in nested.keys() }}
{{ 1 in 'abc' }}
{{ 1 in 5 }}
{{ 1 and 2 }} {{ 0 or 'x' }} {{ '' or none }} {{ not '' }} {{ [] and 1 }} {{ yes and not no }} {{ no or yes and no }}
{{ 'a' if yes else 'b' }} {{ 'a' if no else 'b' }} {{ 'a' if no }}| {{ 'a' if no else 'b' if no else 'c' }} {{ ('a' if yes) ~ 'z' }}
{{ undefined_thing }}| {{ undefined_thing is defined }} {{ undefined_thing | default('d') }} {{ '' | default('d') }} {{ '' | default('d', true) }} {{ none | default('d') }} {{ nested.zzz | default(1) }} {{ undefined_thing | length }} {{ undefined_thing | list }} {{ undefined_thing == undefined_other }} {{ not undefined_thing }}
{{ undefined_thing.x }}
{{ undefined_thing + 1 }}
{{ undefined_thing() }}
{{ undefined_thing['a'] }}
{{ nested.b.x[2].y }} {{ nested['b']['x'][0] }} {{ nested.b.x.0 }} {{ nested.get('a') }} {{ nested.get('q') }} {{ nested.get('q', 5) }} {{ nested['get'] }} {{ nested.zzz is defined }} {{ nested.items() | list | length }} {{ none.foo is defined }} {{ nested.b.x[9] is defined }}
{{ nested.items() }} {{ nested.keys() }} {{ nested.values() | list }}
{{ nested.keys()[0] }}|
{{ messages[0].role }} {{ messages[-1]['role'] }} {{ messages[1:] | length }} {{ messages[:-1] | length }} {{ line[::2] }} {{ line[::-1] }} {{ line[1:5:2] }} {{ numbers[-2:] }} {{ numbers[10:] }} {{ line[100] }}| {{ (1, 2, 3)[1:] }} {{ 'a🙂b'[1] }} {{ 'a🙂b' | length }} {{ line[none:3] }}
{{ messages['role'] is defined }}
{{ {'a': {'b': 1}}.a.b }} {{ [1, 2, 3].index(2) }} {{ [1, 1, 2].count(1) }} {{ (1, 2).index(2) }} {{ [1, 2].copy() }} {{ nested.copy() | length }}
{{ numbers.append(1) }}
{{ nested.update({'z': 1}) }}
{{ nested.pop('a') }}
{{ numbers | sort }} {{ numbers | sort(reverse=true) }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ people | sort(attribute='age,name') | map(attribute='name') | join(' ') }}
{{ numbers | min }} {{ numbers | max }} {{ words | min }} {{ words | max }} {{ words | max(case_sensitive=true) }} {{ people | max(attribute='age') }} {{ [] | max }}| {{ numbers | sum }} {{ people | sum(attribute='age') }} {{ numbers | sum(start=10) }} {{ floats | sum }} {{ [[1], [2]] | sum(start=[]) }} {{ [] | sum }}
{{ ['a'] | sum }}
{{ numbers | unique | list }} {{ words | unique | list }} {{ words | unique(true) | list }} {{ people | unique(attribute='age') | map(attribute='name') | list }}
{{ numbers | first }} {{ numbers | last }} {{ [] | first }}| {{ 'abc' | first }} {{ 'abc' | last }} {{ numbers | reverse | list }} {{ 'abc' | reverse }} {{ nested | first }}
{{ numbers | map('string') | join('-') }} {{ words | map('upper') | list }} {{ words | map('replace', 'p', 'q') | list }} {{ people | map(attribute='zzz', default=0) | list }}
{{ numbers | select('odd') | list }} {{ numbers | reject('gt', 2) | list }} {{ [0, 1, '', 'a'] | select | list }} {{ people | selectattr('age', 'equalto', 7) | map(attribute='name') | list }} {{ people | selectattr('city', 'defined') | list | length }} {{ people | rejectattr('city') | map(attribute='name') | list }} {{ messages | selectattr('role', 'in', ['user', 'tool']) | list | length }} {{ words | select('in', ['fig', 'x']) | list }} {{ numbers | select('divisibleby', 2) | list }}
{{ messages | selectattr('role', '==', 'user') | list | length }} {{ messages | selectattr('role', 'ne', 'user') | map(attribute='role') | join(',') }}
{{ numbers | map('string') }}
{{ (numbers | select('odd'))[0] }}
{{ numbers | select('odd') | length }}
{{ people | groupby('age') | map(attribute='grouper') | list }} {% for age, group in people | groupby('age') %}{{ age }}:{{ group | map(attribute='name') | join('+') }};{% endfor %} {% for g in words | groupby(0) %}{{ g.grouper }}={{ g.list }} {% endfor %}
{{ nested | dictsort }} {{ {'b': 1, 'A': 2} | dictsort }} {{ {'b': 1, 'A': 2} | dictsort(true) }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) }} {{ {'b': 1} | items | list }}
{{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 0) | list }} {{ [1, 2, 3, 4, 5] | slice(3) | list }} {{ [1, 2, 3, 4] | slice(3, 'x') | list }}
{{ messages | join(',', attribute='role') }} {{ [1, none, 'a', true] | join('-') }} {{ 'abc' | join('.') }} {{ [] | join(',') }}| {{ numbers | join }}
{{ messages | tojson }}
{{ messages[2].tool_calls[0].function | tojson(indent=2) }}
{{ nested | tojson(sort_keys=true) }} {{ nested | tojson(separators=(',', ':')) }} {{ 'é<>&\'"\n\x01' | tojson }} {{ 'é🙂' | tojson(ensure_ascii=true) }} {{ [] | tojson(indent=4) }} {{ {} | tojson }} {{ floats | tojson }} {{ (1, 2) | tojson }} {{ {1: 2} | tojson }} {{ [[1, {}], []] | tojson(indent=1) }}
{{ undefined_thing | tojson }}
{{ line | upper }} {{ line | title }} {{ line | capitalize }} {{ 'ABC' | lower }} {{ "foo-bar (baz) it's" | title }} {{ 5 | upper }} {{ none | capitalize }}
{{ text | trim }}| {{ 'xxaxx' | trim('x') }} {{ 'a\nb\n\nc' | indent }}| {{ 'a\nb' | indent(2, true) }} {{ 'a\n\nb' | indent(1, blank=true) }} {{ 'a\nb' | indent('> ') }} {{ 'a\n' | indent }}|
{{ line | replace('o', '0') }} {{ line | replace('o', '0', 1) }} {{ 5 | replace('5', 'five') }} {{ 'ab' | center(6) }}| {{ line | wordcount }} {{ line | length }} {{ line | count }} {{ 'a b c d e f' | truncate(5) }} {{ 'a long sentence here' | truncate(10, leeway=0) }} {{ 'a long sentence here' | truncate(10, true, '…', 0) }}
{{ '%s-%s' | format('a', 2) }} {{ '%(a)s' | format(a=1) }} {{ 3.7 | int }} {{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(9) }} {{ '3.9' | int }} {{ ' 12 ' | int }} {{ '1.5' | float }} {{ 'x' | float }} {{ 3 | float }} {{ none | int }} {{ true | int }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 2.1 | round(method='ceil') }} {{ 2.95 | round(1, 'floor') }} {{ 7 | round }} {{ -5 | abs }} {{ -1.5 | abs }} {{ 7 | string ~ 'a' }} {{ 'abc' | list }} {{ nested | list }} {{ 1.0 | string }}
{{ 'a' | safe }} {{ '<' | safe }} {{ (messages | tojson) | safe }}
{{ ('<' | safe) ~ 'a' }}
{{ 3 is odd }} {{ 4 is even }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ 'a' is string }} {{ 1 is number }} {{ 1.5 is float }} {{ 1 is integer }} {{ true is integer }} {{ true is boolean }} {{ true is number }} {{ none is none }} {{ nested is mapping }} {{ numbers is sequence }} {{ numbers is iterable }} {{ 'a' is sequence }} {{ nested is sequence }} {{ 5 is iterable }} {{ undefined_thing is undefined }} {{ yes is true }} {{ 1 is true }} {{ no is false }} {{ 'a' is lower }} {{ 'A1' is upper }} {{ 2 is in [1, 2] }} {{ 1 is eq 1 }} {{ 1 is equalto(1) }} {{ 1 is lt 2 }} {{ 1 is not none }} {{ 3 is ge 3 }} {{ none is sameas none }} {{ range is callable }} {{ nested is not string }} {{ 'x' is in 'xyz' }} {{ undefined_thing is iterable }}
{{ 'a' is string and 1 is odd or no }} {{ 'a' if 1 is odd else 'b' }} {{ x is defined and x != '' }} {{ 'user' is eq messages[1].role }}
{{ nothing is none }} {{ nothing is defined }} {{ nothing is not string and nothing is not mapping }}
{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(5, 0, -2) | list }} {{ range(3) }} {{ range(3)[1] }} {{ range(3) | length }} {{ range(0) | list }}
{{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ dict({'a': 1}, b=2) }}
{% set x = 1 %}{{ x }}{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 1, 2 %}{{ c }}{% set (d, e) = [3, 4] %}{{ d }}{{ e }}
{% set a, b = [1, 2, 3] %}
{% set x %}a{{ 1 }}b{% endset %}[{{ x }}]{% set y | upper %}abc{% endset %}{{ y }}
{% set ns = namespace(a=1, b='x') %}{% for i in range(3) %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c is defined }}
{% set x = 'out' %}{% for i in [1] %}{% set x = 'in' %}{{ x }}{% endfor %}{{ x }}{% if yes %}{% set x = 'if' %}{% endif %}{{ x }}
{% set x = {'a': 1} %}{% set x.b = 2 %}
{% for k, v in nested.items() %}{{ k }}={{ v }};{% endfor %} {% for i in [] %}x{% else %}none{% endfor %} {% for i in [1, 2, 3] if i != 2 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %} {% for c in 'ab' %}{{ c }}.{% endfor %} {% for k in nested %}{{ k }} {% endfor %}{% for i in undefined_thing %}x{% endfor %}
{% for i in 5 %}{% endfor %}
{% for i in none %}{% endfor %}
{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.cycle('a', 'b') }}{{ loop.previtem.role if not loop.first }}{{ loop.nextitem.role if not loop.last }}{{ loop.changed(m.role == 'user') }}|{% endfor %}
{% for i in [1, 2] %}{% for j in [3, 4] %}{{ loop.index }}{{ i }}{{ j }} {% endfor %}{{ loop.index }}{% endfor %}
{% for i in range(5) %}{{ i }}{% if i == 2 %}{% break %}{% endif %},{% endfor %} {% for i in range(5) %}{{ i }}{% if i % 2 %}{% continue %}{% endif %},{% endfor %}
{% for i in range(3) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% if i == 1 %}{% continue %}{% endif %}.{% endfor %}
{% for i in [[1, [2, [3]]]] recursive %}{% for j in i %}{% if j is iterable %}({{ loop.index }}){% else %}{{ j }}{% endif %}{% endfor %}{% endfor %}
{% for item in [{'n': 1, 'c': [{'n': 2, 'c': []}]}] recursive %}{{ item.n }}[{{ loop(item.c) }}]{{ loop.depth }}{% endfor %}
{% if no %}a{% elif yes %}b{% else %}c{% endif %}{% if 0 %}x{% endif %}{% if [] or {} or '' %}x{% else %}y{% endif %}
{% macro f(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(1, c=5) }}{{ f() }}{{ f(b=1, a='z') }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(q=2) }}
{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, k=3) }}
{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}body{% endcall %}{% macro g() %}{{ caller(1) }}{{ caller(2) }}{% endmacro %}{% call(i) g() %}<{{ i }}>{% endcall %}
{% macro fact(n) %}{{ n if n < 2 else n * (fact(n - 1) | int) }}{% endmacro %}{{ fact(5) }}
{% set y = 1 %}{% macro f() %}{{ y }}{% endmacro %}{% set y = 2 %}{{ f() }}
{% filter upper %}abc{{ x }}{% endfilter %}{% filter replace('a', 'b') | upper %}aaa{% endfilter %}
{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}|{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q }}
{% raw %}{{ x }}{% if %}{% endraw %} {%- raw -%}  a  {%- endraw %}b
a{# comment #}b {#- c -#} d
{% generation %}abc{{ x }}{% endgeneration %}d
{{ raise_exception('no') }}
{{- ' a ' -}}   b   {{- 'c' }}
{{ "}}" }} {{ '{%' }} {{ {'a': {'b': 1}}}} {{ '%}' }}
{{ x }}{{ '' }}{{ x
 }}
{{ 'a\tb\\n\'\"\x41\u00e9\U0001F642\101\q' }}
{{ nested.b['x'][-1]['y'] is none }} {{ (messages | selectattr('role', 'equalto', 'user') | list)[-1].content | trim }} {{ (messages | last).role }}
{{ messages | map(attribute='role') | unique | sort | join(',') }} {{ messages | map(attribute='content') | map('length') | sum }} {{ messages | rejectattr('role', 'equalto', 'system') | map(attribute='role') | list }}
{{ 'a' if messages | length > 4 and messages[0]['role'] == 'system' else 'b' }} {{ (n % 2 == 0) != yes }} {{ (messages | length) % 2 }} {{ loop is defined }}
{{ not x is defined }} {{ not (x in 'X') }} {{ x not in 'X' and yes }} {{ not yes == no }}
{{ 1 if yes else 2 ~ 'a' }} {{ -1 | abs }} {{ -2.5 | round | abs }} {{ 2 + 3 | string | length }} {{ 'a' ~ 'b' | upper }} {{ 10 - 2 - 3 }} {{ 2 * 3 % 4 }} {{ 100 // 7 // 2 }}
{{ [1, 2, 3,] }} {{ (1,) }} {{ {'a': 1,} }} {{ () }} {{ 1, 2 }} {{ [] }} {{ f is defined }}
{{ namespace(a=1).a }} {{ namespace({'z': 3}).z }}
{{ lipsum is defined }} {{ nested | attr('items') is defined }} {{ 'abc' | attr('upper') is callable }}
{{ 'a,b' | split(',') }}
{{ x | nosuchfilter }}
{{ x is nosuchtest }}
{{ x.nosuchmethod() }}
{% nosuchtag %}
{% for %}
{{ 1 + }}
{{ (1 }}
{% if yes %}
{% endif %}
{{ 'abc }}
{{ a b }}
{{ 1 = 2 }}
{{ f(a=1, 2) }}
{% break %}
{% macro f(a=1, b) %}{% endmacro %}
{# open
{{ x | e }}
{{ '<a>' | escape }}
{{ 3 | filesizeformat }}
{{ words | random is defined }}
{{ x.__class__ }}
{{ ''.__class__.__mro__ }}
{{ cycler('a', 'b').next() }}
{% include 'x' %}
{% do 1 %}
{{ 99999999999 * 99999999999 }}
{{ 9007199254740993 }}
{{ 2 ** 0.5 }} {{ 2 ** -1 }}
{{ 'ß' | upper }} {{ 'ŒUVRE' | lower }} {{ 'ΑΣ'.lower() }} {{ 'ǆ' | capitalize }}
{{ '²'.isdigit() }} {{ 'é'.isalpha() }} {{ '漢'.isalnum() }}
{{ 1 is number and 'a' }} {{ 'é' < 'z' }} {{ 'Z' < 'a' }} {{ [1, 'a'] == [1, 'a'] }} {{ {'a': [1]} == {'a': [1.0]} }}
{{ numbers[1:][0] }} {{ numbers[::-1][0] }} {{ numbers[0:2] + numbers[2:] == numbers }} {{ messages[1:-1] | map(attribute='role') | list }}
{{ {'x': 1}.x }}{{ {'items': 5}['items'] }} {{ {'items': 5}.items is callable }} {{ {'keys': 1}.keys is number }}
{{ text.split('\n')[0].strip() }} {{ text | replace('\t', ' ') | trim }} {{ text.replace('\r\n', '|') }}
{{ 'A' ~ ('b' if no) ~ 'c' }} {{ undefined_thing ~ 'x' }} {{ [undefined_thing] }} {{ [none, undefined_thing] | select('defined') | list }}
{{ '1' * 3 }} {{ 3 * [0] }} {{ (0, 1) * 2 }} {{ true * 3 }} {{ '' * 5 }}|
{{ 5 | default(3) }} {{ false | default(true) }} {{ false | default(true, true) }}
{{ undefined_thing.x | default('q') }}
{{ people | map(attribute='city.n', default='?') | list }}
{{ people | map(attribute='city') | map(attribute='n') | list }}
{{ yes | string }} {{ yes ~ '' }} {{ [yes] | join }} {{ yes | lower }} {{ none | string | length }} {{ 1.10 }} {{ 100.0 }} {{ 1e22 }} {{ 1e-10 }} {{ 123456789012345678.0 }} {{ 0.1 }} {{ -0.0 }}
{{ 7.0 // 2 }} {{ 7 % 2.5 }} {{ -7 / 2 }} {{ 3.0 == 3 }} {{ 3.0 | int }} {{ 1e3 | int }} {{ (7 / 2) | int }} {{ (7 / 2) | round(1) }} {{ 5 / 2 * 2 }}
""".strip().split("\n")

# White space and line ends.
BLOCKS = [
    "a\n{% if yes %}\nb\n{% endif %}\nc\n",
    "a\n  {% if yes %}\n  b\n  {% endif %}\nc",
    "  {%- if yes %}\n  b {%- endif %}\n\nc\n\n",
    "a {% if yes -%}\n\n  b\n{%- endif -%}  c",
    "{% for i in [1, 2] %}\n  {{ i }}\n{% endfor %}\n",
    "{% for i in [1, 2] %}\r\n  {{ i }}\r\n{% endfor %}\r\nend\r\n",
    "a\r\nb\rc\n\n",
    "\n{# c #}\n  {# d #}  \n x",
    "  {%+ if yes %}a{% endif +%}\nb",
    "  {{ x }}\n  {{- x -}}\n  {{ x }}\n",
    "a\n\n  {# c -#}\n\n b",
    "{% set a = 1 %}\n{% set b = 2 %}\n{{ a + b }}\n",
    "{% if yes %}{% if yes %}\n  x\n{% endif %}{% endif %}\n\n",
    "\t{% if yes %}\t\n\ta\t\n\t{% endif %}\t\nb",
    "x {% if yes %} y {% endif %} z",
    "{%- if yes -%}\n a \n{%- else -%}\n b \n{%- endif -%}\n",
    "{{ 'a\nb' }}{{ 'a\r\nb' | length }}",
    "\u00a0{%- if yes %}\u3000x{% endif -%}\u2003y",
    "{% raw %}\n  {{ x }}\n{% endraw %}\n  z",
    "  {% raw %} a {% endraw %}  \n",
    "{%if yes%}a{%endif%}{{x}}{%   if yes   %}b{%endif%}",
    "{% macro f() %}\n  a\n{% endmacro %}\n[{{ f() }}]\n",
    "line {{ x }}\n\n\n",
    "{% if yes %}\n\n\na{% endif %}\n\n\nb",
    "{% generation %}\na\n{% endgeneration %}\nb",
    "{%- generation -%} a {%- endgeneration -%} b",
    "a{% generation %} b {% endgeneration %} c\n",
    "    {# x #}a\n    {#- y #}\n    b {#+ z #}",
    "",
    "\n",
    "\n\n",
    "{{ '' }}\n",
    "{",
    "{ {",
    "}}",
    "%}",
    "#}",
    "{ % if % }",
    "{{ '{{' }}{",
]

TEMPLATES = json.loads((Path(__file__).parent / "text" / "chat_templates.json").read_text())
CHATS = [
    MESSAGES[:2],
    MESSAGES[1:2],
    MESSAGES,
    [
        {"role": "user", "content": "What is 2+2?"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\n4"},
        {"role": "user", "content": "Σ'\"\\\n"},
    ],
    [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look:"}, {"type": "image"}, {"type": "text", "text": " well"}],
        }
    ],
    [{"role": "assistant", "content": "first"}],
]


def rendered(template, **variables):
    try:
        return {"text": ENV.from_string(template).render(**variables)}
    except RecursionError:
        raise
    except Exception as error:  # What it is does not matter, only that there is one.
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def main():
    snippets = [{"template": t, **rendered(t, **VARIABLES)} for t in SNIPPETS + BLOCKS]
    whole = []
    for name, template in TEMPLATES.items():
        for i, messages in enumerate(CHATS):
            for prompt in (True, False):
                for tools in (None, VARIABLES["tools"]):
                    given = {
                        "messages": messages,
                        "add_generation_prompt": prompt,
                        "bos_token": "<s>",
                        "eos_token": "</s>",
                    }
                    if tools:
                        given["tools"] = tools
                    result = rendered(template, **given)
                    whole.append({"name": name, "chat": i, "prompt": prompt, "tools": bool(tools), **result})
    lines = [json.dumps(x, ensure_ascii=False) for x in snippets]
    OUT.write_text(
        '{"variables":'
        + json.dumps(VARIABLES, ensure_ascii=False)
        + ',\n"chats":'
        + json.dumps(CHATS, ensure_ascii=False)
        + ',\n"snippets":[\n'
        + ",\n".join(lines)
        + '],\n"whole":[\n'
        + ",\n".join(json.dumps(x, ensure_ascii=False) for x in whole)
        + "]}\n"
    )
    print(
        len(snippets), "snippets,", sum("error" in x for x in snippets), "with an error;", len(whole), "conversations"
    )


main()
