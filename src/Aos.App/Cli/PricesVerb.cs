using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos prices</c>: what models cost.</summary>
internal static class PricesVerb
{
    internal static Command Command()
    {
        var provider = new Option<string?>("--provider") { Description = "Only this provider's.", HelpName = "NAME" };
        var model = new Option<string?>("--model") { Description = "Only this model's, by its name or another name of it.", HelpName = "NAME" };
        var command = new Command("prices", """
            Lists what models cost, in cents per million tokens: on a terminal as a table, else as the HTTP API gives it.

            Example: aos prices --provider anthropic
            """)
        {
            provider, model,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            string[] asked = [.. new[] { Said("provider", parsed.GetValue(provider)), Said("model", parsed.GetValue(model)) }.OfType<string>()];
            var prices = await house.AskAsync(HttpMethod.Get, "api/v1/prices" + (asked.Length > 0 ? "?" + string.Join('&', asked) : ""), null, cancel);
            if (parsed.GetValue(CommandLine.AsJson) || Console.IsOutputRedirected) Report.Pretty(prices);
            else Print(prices);
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    private static string? Said(string name, string? value) => value is null ? null : $"{name}={Uri.EscapeDataString(value)}";

    private static void Print(JsonElement prices)
    {
        Console.Out.WriteLine($"{"provider",-12} {"model",-28} {"read",10} {"written",10} {"to cache",10} {"cached",10}  since");
        foreach (var price in prices.GetProperty("prices").EnumerateArray())
        {
            Console.Out.WriteLine(PlainText.Of(
                $"{price.GetText("provider"),-12} {price.GetText("model"),-28} {Cents(price, "input"),10} {Cents(price, "output"),10} {Cents(price, "cache_write"),10} {Cents(price, "cache_read"),10}  {price.GetText("since")}"
                + (price.GetProperty("in_force").GetBoolean() ? "" : " (not today's)") + (price.GetProperty("shipped").GetBoolean() ? "" : " (own)")));
        }

        Console.Out.WriteLine($"cents per million tokens; table {prices.GetText("version")}");
    }

    private static string Cents(JsonElement price, string name) =>
        price.Get($"{name}_cents_per_million") is { ValueKind: JsonValueKind.Number } cents ? cents.GetDecimal().ToString(CultureInfo.InvariantCulture) : "";
}
