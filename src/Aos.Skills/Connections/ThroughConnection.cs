using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>A connection opened for one call, or why it is not. No record: as text it would show secrets.</summary>
internal sealed class ThroughConnection(OpenConnection? connection, Failure? refusal, ImmutableArray<string> secrets)
{
    internal OpenConnection? Connection { get; } = connection;

    internal Failure? Refusal { get; } = refusal;

    /// <summary>What must come out nowhere, longer ones first.</summary>
    internal ImmutableArray<string> Secrets { get; } = secrets;

    /// <summary>The failure with the connection and its version in the details, and its name where its address stood.</summary>
    internal Failure Named(Failure failure)
    {
        var known = Connection!.Known;
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            if (failure.Details is { ValueKind: JsonValueKind.Object } told)
            {
                foreach (var member in told.EnumerateObject())
                {
                    if (member.Name != ConnectionOpener.Param) member.WriteTo(writer);
                }
            }

            writer.WriteStartObject(ConnectionOpener.Param);
            writer.WriteString("name", known.Name);
            writer.WriteNumber("version", known.Version);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
        var message = Addresses().Aggregate(failure.Message, (text, address) =>
            Regex.Replace(text, $"(?<![A-Za-z0-9._-]){Regex.Escape(address)}(?![A-Za-z0-9_-])", $"connection:{known.Name}", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase));
        return failure with { Message = message, Details = details };
    }

    /// <summary>How its settings say where it leads, the longest form first.</summary>
    private IEnumerable<string> Addresses()
    {
        if (Connection!.Settings.GetText("host") is { Length: > 0 } host) yield return host;
        if (Connection.Settings.GetText("base_url") is not { } text || !Uri.TryCreate(text, UriKind.Absolute, out var url)) yield break;
        yield return text.TrimEnd('/');
        yield return url.AbsoluteUri.TrimEnd('/');
        yield return url.GetLeftPart(UriPartial.Authority);
        yield return url.Authority;
        yield return url.IdnHost;
        yield return url.Host;
    }
}
