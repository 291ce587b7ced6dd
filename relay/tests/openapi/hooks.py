"""What the document has no words for: which answer names the mailbox that other calls are about, and that time goes on."""
import schemathesis


@schemathesis.hook
def before_load_schema(context, schema):
    # Most times are in the past.
    del schema["components"]["schemas"]["MailboxConfiguration"]["properties"]["expiration"]
    mailbox = {"path.id": "$response.body#/urlLink#regex:/v1/m/([0-9a-f-]+)"}
    claim = {"header.Mailbox-Device-Claim": "$request.header.Mailbox-Device-Claim"}
    calls = schema["paths"]["/v1/m/{id}"]
    names = [calls[method]["operationId"] for method in ("get", "post", "put", "patch", "delete")]
    links = {name: {"operationId": name, "parameters": mailbox | claim} for name in names}
    links["ReadDisplayInformation"]["parameters"] = mailbox
    schema["paths"]["/v1/m"]["post"]["responses"]["200"]["links"] = links
