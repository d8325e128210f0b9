"""What OpenAI's client for Python gets from a server: python3 openai_client.py URL TEXT..."""
import json
import sys

from openai import APIStatusError, OpenAI

url, *texts = sys.argv[1:]
client = OpenAI(base_url=url, api_key="any")
model = "all-MiniLM-L6-v2"
refused = []
for request in ({"model": "ada", "input": "a"}, {"model": model, "input": [1, 2, 3]}):
    try:
        client.embeddings.create(**request)
    except APIStatusError as error:
        refused.append(type(error).__name__)
answer = client.embeddings.create(model=model, input=texts)
floats = client.embeddings.create(model=model, input=texts, encoding_format="float", dimensions=384)
print(
    json.dumps(
        {
            "base64": [item.embedding for item in answer.data],
            "float": [item.embedding for item in floats.data],
            "models": [item.id for item in client.models.list()],
            "refused": refused,
        }
    )
)
