#!/usr/bin/python3
"""Checks a login by PAM, for the back-end `exec` of mailgw: pam-check.py SERVICE

The question comes as JSON on standard input, so no password is ever in an argument or an environment. SERVICE is a file
of /etc/pam.d. The answer is the exit code: 0 accepted, 1 refused, 67 no such user (mailgw asks its next back-end),
75 could not be found out (the client hears 454 and comes again).
"""

import ctypes
import ctypes.util
import json
import sys

REFUSED = {6, 7, 11, 12, 13}  # permission denied, wrong, too many tries, must be changed, expired
UNKNOWN = {10}
RHOST = 4
SILENT = 0x8000
PROMPT_ECHO_OFF, PROMPT_ECHO_ON = 1, 2


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    # PAM frees the text, so it must come from malloc(3).
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


Talk = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(Message)),
    ctypes.POINTER(ctypes.POINTER(Response)),
    ctypes.c_void_p,
)


class Conversation(ctypes.Structure):
    _fields_ = [("talk", Talk), ("data", ctypes.c_void_p)]


def check(service, login, password, client, folder=None):
    """What PAM says, as its number."""
    pam = ctypes.CDLL(ctypes.util.find_library("pam") or "libpam.so.0")
    libc = ctypes.CDLL(None)
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p
    libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    libc.strdup.argtypes = [ctypes.c_char_p]
    secret = password.encode()

    def talk(count, messages, answer, _data):
        memory = libc.calloc(count, ctypes.sizeof(Response))
        answer[0] = ctypes.cast(memory, ctypes.POINTER(Response))
        for i in range(count):
            if messages[i].contents.style in (PROMPT_ECHO_OFF, PROMPT_ECHO_ON):
                answer[0][i].text = libc.strdup(secret)
        return 0

    conversation = Conversation(Talk(talk), None)
    handle = ctypes.c_void_p()
    names = [service.encode(), login.encode(), ctypes.byref(conversation)]
    if folder is None:
        said = pam.pam_start(*names, ctypes.byref(handle))
    else:
        said = pam.pam_start_confdir(*names, folder.encode(), ctypes.byref(handle))
    if said != 0:
        return said
    pam.pam_set_item(handle, RHOST, client.encode())
    said = pam.pam_authenticate(handle, SILENT)
    if said == 0:
        said = pam.pam_acct_mgmt(handle, SILENT)
    pam.pam_end(handle, said)
    return said


def main():
    question = json.load(sys.stdin)
    said = check(sys.argv[1], question["login"], question["password"], question["client"], *sys.argv[2:3])
    if said == 0:
        return 0
    if said in REFUSED:
        return 1
    return 67 if said in UNKNOWN else 75


try:
    code = main()
except Exception as error:  # Python's own code for a fault is 1, which would be a refusal
    print(error, file=sys.stderr)
    code = 75
sys.exit(code)
