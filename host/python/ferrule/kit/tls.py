# SPDX-License-Identifier: MIT
"""tls - encryption, always verified; its failures worded for a person."""

import ssl

from ferrule.kit.errors import ModelError

__all__ = ["context", "wrap"]

_HINTS = {
    10: "it has expired: is this computer's clock right?",  # X509_V_ERR_CERT_HAS_EXPIRED
    9: "it is not valid yet: is this computer's clock right?",
    18: "it is signed by itself: give its file as ca_file",
    19: "it is signed by an authority this computer does not know: give its file as "
    "ca_file, or SSL_CERT_FILE",
    20: "it is signed by an authority this computer does not know: give its file as "
    "ca_file, or SSL_CERT_FILE",
    62: "it is for another name",
}


def context(ca_file):
    """The SSLContext; ca_file: PEM of the authority to trust besides the system's."""
    made = ssl.create_default_context()
    if ca_file is not None:
        try:
            made.load_verify_locations(ca_file)
        except OSError as error:
            reason = error.strerror or "it holds no certificate in PEM form"
            raise ModelError(
                "not-configured", f"the certificate file {ca_file}: {reason}"
            ) from None
    return made


def wrap(made, sock, url):
    """The socket, encrypted to the server of a Url."""
    try:
        return made.wrap_socket(sock, server_hostname=url.host)
    except ssl.SSLCertVerificationError as error:
        hint = _HINTS.get(error.verify_code, error.verify_message)
        message = f"the certificate of {url.authority} is refused: {hint}"
    except ssl.SSLError as error:
        reason = (error.reason or "failed").replace("_", " ").lower()
        message = f"no encrypted connection to {url.authority}: {reason}"
        if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
            message += " (does it speak http:// instead?)"
    except TimeoutError:
        raise ModelError(
            "timeout", f"{url.authority} did not answer the greeting of TLS in time"
        ) from None
    except OSError as error:
        message = f"{url.authority} ended the greeting of TLS: {error.strerror or error}"
    raise ModelError("tls", message) from None
