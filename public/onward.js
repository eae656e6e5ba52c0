// Sends the page's one form: the way on that a protocol wants as a POST. Its button stays for browsers without scripts.
document.forms[0].submit();
