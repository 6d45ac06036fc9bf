# Reads messages (JSON list of base64) and prints what Python's own parser finds in each: the tree of types with the
# decoded content of each leaf.
import base64, email, email.policy, hashlib, json, sys


def look(part):
    kind = part.get_content_type()
    if part.is_multipart():
        return [kind, [look(child) for child in part.get_payload()]]
    payload = part.get_payload(decode=True) or b""
    if loose:
        payload = payload.rstrip(b"\r\n")
    return [kind, hashlib.sha256(payload).hexdigest(), len(payload)]


loose = sys.argv[1:] == ["loose"]
found = []
for text in json.load(sys.stdin):
    message = email.message_from_bytes(base64.b64decode(text), policy=email.policy.compat32)
    found.append(look(message))
json.dump(found, sys.stdout)
