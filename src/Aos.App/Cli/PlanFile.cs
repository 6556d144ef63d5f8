using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Aos.App.Cli;

/// <summary>A file that cannot be read, with the place.</summary>
internal sealed class PlanFileException(string message) : Exception(message);

/// <summary>Reads plan files, JSON or YAML, into JSON.</summary>
internal static class PlanFile
{
    /// <summary>Largest file, bytes.</summary>
    internal const int BytesMax = 32 * 1024 * 1024;

    /// <summary>Values of one YAML file, aliases counted each time: a bomb of aliases ends here.</summary>
    private const int NodesMax = 1_000_000;

    internal static async Task<JsonElement> ReadAsync(string file, CancellationToken cancel) => Parse(await BytesAsync(file, cancel), file);

    /// <summary>A file's bytes; <c>-</c> is standard input.</summary>
    internal static async Task<byte[]> BytesAsync(string file, CancellationToken cancel)
    {
        try
        {
            if (file == "-")
            {
                using var buffer = new MemoryStream();
                await Console.OpenStandardInput().CopyToAsync(buffer, cancel);
                return buffer.ToArray();
            }

            if (new FileInfo(file) is { Exists: true, Length: > BytesMax }) throw new PlanFileException($"{file} is larger than {BytesMax} bytes.");
            return await File.ReadAllBytesAsync(file, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlanFileException($"{file} cannot be read: {e.Message}");
        }
    }

    /// <summary>Writes a file whole, or tells why not.</summary>
    internal static async Task WriteAsync(string file, string text, CancellationToken cancel)
    {
        try
        {
            await File.WriteAllTextAsync(file, text, new UTF8Encoding(false), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlanFileException($"{file} cannot be written: {e.Message}");
        }
    }

    internal static JsonElement Parse(byte[] bytes, string file)
    {
        if (bytes.Length > BytesMax) throw new PlanFileException($"{file} is larger than {BytesMax} bytes.");
        var content = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
            return text.AsSpan().TrimStart() is ['{' or '[', ..] ? JsonText.Read(content) : FromYaml(text, file);
        }
        catch (DecoderFallbackException e)
        {
            throw new PlanFileException($"{file} is no UTF-8 text: byte {e.Index} does not fit.");
        }
        catch (JsonTextException e)
        {
            throw new PlanFileException($"{file} is no valid JSON: {e.Message}");
        }
    }

    /// <summary>JSON given on the command line.</summary>
    internal static JsonElement Value(string text, string name)
    {
        try
        {
            return Json.Parse(text);
        }
        catch (JsonException e)
        {
            throw new PlanFileException($"{name} is no valid JSON: {e.Message}");
        }
    }

    private static JsonElement FromYaml(string text, string file)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new BoundedYaml(new Parser(new StringReader(text)), file));
            if (yaml.Documents.Count != 1) throw new PlanFileException($"{file} must hold one YAML document, it holds {yaml.Documents.Count}.");
            var nodes = 0;
            return Json.Write(writer => Write(writer, yaml.Documents[0].RootNode, file, 0, ref nodes));
        }
        catch (YamlException e)
        {
            throw new PlanFileException($"{file}, line {e.Start.Line}, column {e.Start.Column}: {e.InnerException?.Message ?? e.Message}");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new PlanFileException($"{file} is no valid YAML: {e.Message}"); // What the reader throws beside its own exceptions.
        }
    }

    private static void Write(Utf8JsonWriter writer, YamlNode node, string file, int depth, ref int nodes)
    {
        if (depth > Json.DepthMax) throw new PlanFileException($"{file}, line {node.Start.Line}: nested deeper than {Json.DepthMax}.");
        if (++nodes > NodesMax) throw new PlanFileException($"{file} holds more than {NodesMax} values.");
        switch (node)
        {
            case YamlMappingNode mapping:
                writer.WriteStartObject();
                foreach (var (key, value) in mapping.Children)
                {
                    writer.WritePropertyName(key is YamlScalarNode name ? name.Value ?? "" : throw new PlanFileException($"{file}, line {key.Start.Line}: a name must be a text."));
                    Write(writer, value, file, depth + 1, ref nodes);
                }

                writer.WriteEndObject();
                break;
            case YamlSequenceNode sequence:
                writer.WriteStartArray();
                foreach (var item in sequence) Write(writer, item, file, depth + 1, ref nodes);
                writer.WriteEndArray();
                break;
            case YamlScalarNode scalar:
                WriteScalar(writer, scalar);
                break;
        }
    }

    /// <summary>The core schema of YAML 1.2: plain true, false, null and numbers are what they look like, the rest is text.</summary>
    private static void WriteScalar(Utf8JsonWriter writer, YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain) writer.WriteStringValue(text);
        else if (text is "" or "~" or "null" or "Null" or "NULL") writer.WriteNullValue();
        else if (text is "true" or "True" or "TRUE") writer.WriteBooleanValue(true);
        else if (text is "false" or "False" or "FALSE") writer.WriteBooleanValue(false);
        else if ((char.IsAsciiDigit(text[^1]) || text[^1] == '.') && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            writer.WriteNumberValue(number);
        else writer.WriteStringValue(text);
    }
}
