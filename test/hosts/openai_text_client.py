"""What OpenAI's client for Python gets from a server of stories: python3 openai_text_client.py URL"""
import json
import sys

from openai import APIStatusError, OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="any", max_retries=0)
model = "stories"
prompt = "Once upon a time"
messages = [{"role": "user", "content": "Tell me a story"}]
options = {"model": model, "seed": 5, "temperature": 0.8, "max_tokens": 24}

completed = client.completions.create(prompt=prompt, **options)
stream = client.completions.create(prompt=prompt, stream=True, **options)
completed_stream = "".join(chunk.choices[0].text for chunk in stream)
said = client.chat.completions.create(messages=messages, **options)
said_stream, usage = "", None
for chunk in client.chat.completions.create(
    messages=messages, stream=True, stream_options={"include_usage": True}, **options
):
    if chunk.choices:
        said_stream += chunk.choices[0].delta.content or ""
    else:
        usage = chunk.usage.completion_tokens
refused = []
for request in (
    {"model": "gpt-5", "messages": messages},
    {"model": model, "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
):
    try:
        client.chat.completions.create(**request)
    except APIStatusError as error:
        refused.append(type(error).__name__)
print(
    json.dumps(
        {
            "completed": completed.choices[0].text,
            "completed_stream": completed_stream,
            "said": said.choices[0].message.content,
            "said_stream": said_stream,
            "usage": usage,
            "refused": refused,
        }
    )
)
