using System.CommandLine;
using System.Globalization;
using Aos.Contracts;

namespace Aos.App.Cli;

/// <summary><c>aos webhooks sign</c>: what a sender does, for trying an endpoint out. Asks no house.</summary>
internal static class WebhookSignVerb
{
    internal static Command Command()
    {
        var body = new Argument<string>("body") { Description = "File with the body, byte for byte as it is sent." };
        var id = new Option<string?>("--id") { Description = "The delivery's id, the same at every repeat. Default: a new one.", HelpName = "TEXT" };
        var secret = new Option<string?>("--secret-file") { Description = "File with the secret. Default: standard input, or a prompt on a terminal.", HelpName = "FILE" };
        var version = new Option<string?>("--key-version") { Description = "Version of the secret, such as v2. Default: not sent; all that are good are tried.", HelpName = "TEXT" };
        var time = new Option<long?>("--timestamp") { Description = "Unix seconds. Default: now.", HelpName = "SECONDS" };
        var command = new Command("sign", """
            Prints the headers of a signed delivery, for curl -H @headers.

            Example:
              aos webhooks sign body.json --id evt_1 --secret-file hook.key > headers
              curl -H @headers --data-binary @body.json http://127.0.0.1:8000/webhooks/in/ENDPOINT
            """)
        {
            body, id, secret, version, time,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                var bytes = await PlanFile.BytesAsync(parsed.GetValue(body)!, cancel);
                var key = await SecretValue.ReadAsync(parsed.GetValue(secret), "the secret", cancel);
                var delivery = parsed.GetValue(id) ?? Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("D");
                if (delivery.Any(char.IsControl)) return Report.Fail(2, "--id: characters that can be seen.");
                var timestamp = (parsed.GetValue(time) ?? TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()).ToString(CultureInfo.InvariantCulture);
                Console.Out.WriteLine($"{WebhookSignature.IdHeader}: {delivery}");
                Console.Out.WriteLine($"{WebhookSignature.TimestampHeader}: {timestamp}");
                Console.Out.WriteLine($"{WebhookSignature.SignatureHeader}: {WebhookSignature.Of(key, timestamp, delivery, bytes)}");
                if (parsed.GetValue(version) is { } named) Console.Out.WriteLine($"{WebhookSignature.KeyVersionHeader}: {named}");
                return 0;
            }
            catch (PlanFileException e)
            {
                return Report.Fail(2, e.Message);
            }
        });
        return command;
    }
}
