using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>What a command prints: results on standard output, everything else on standard error.</summary>
internal static class Report
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 };

    private static readonly JsonWriterOptions OneLine = Readable with { Indented = false };

    /// <summary>A text as it is, anything else as indented JSON.</summary>
    internal static void Value(JsonElement value) => Console.Out.WriteLine(value.ValueKind == JsonValueKind.String ? value.GetString() : Text(value, Readable));

    internal static void Pretty(JsonElement value) => Console.Out.WriteLine(Text(value, Readable));

    internal static string Indented(JsonElement value) => Text(value, Readable);

    internal static void Line(JsonElement value) => Console.Out.WriteLine(Text(value, OneLine));

    internal static int Fail(int code, string message, string? advice = null)
    {
        Console.Error.WriteLine($"aos: {Plain(message)}");
        if (advice is { Length: > 0 }) Console.Error.WriteLine($"     {Plain(advice)}");
        return code;
    }

    /// <summary>Tells a refusal: 2 for what has to be changed in the request, 5 when the house cannot be reached, else 1.</summary>
    internal static int Fail(AosException e, int? code = null)
    {
        if (e.Body?.Get("error")?.Get("details")?.Get("problems") is { ValueKind: JsonValueKind.Array } problems)
        {
            foreach (var problem in problems.EnumerateArray())
                Console.Error.WriteLine($"{problem.GetText("path")}: {problem.GetText("code") ?? problem.GetText("keyword")}: {problem.GetText("message")} {problem.GetText("suggestion")}".TrimEnd());
        }

        var advice = e.Status == 0 ? "Is the server running? Start one with: aos serve" : e.Advice;
        return Fail(code ?? e.Status switch { 0 or 503 => 5, 400 or 401 or 402 or 403 or 422 => 2, _ => 1 }, $"{e.Code}: {e.Message}", advice);
    }

    /// <summary>A message keeps its lines; nothing else of it acts on the terminal.</summary>
    private static string Plain(string message) => string.Join('\n', message.Split('\n').Select(PlainText.Of));

    private static string Text(JsonElement value, JsonWriterOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, options)) value.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
