using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Hides secrets at every depth: the values of members whose names say that they are secret and, where it is asked for, secrets within texts.</summary>
public static class Redactor
{
    public const string Marker = "[REDACTED]";

    /// <summary>JSON within a text within JSON: so deep it is looked into.</summary>
    private const int TextDepthMax = 4;

    /// <summary>Characters of a name that are looked at, from its end.</summary>
    private const int NameCharsMax = 256;

    /// <summary>Longer names may be secrets themselves, also without a digit in them.</summary>
    private const int PlainNameMax = 20;

    /// <summary>Small letters and digits only: in a name they may be parted by anything, and stand behind other words.</summary>
    private static readonly string[] Words =
    [
        "password", "passwd", "pwd", "passphrase", "secret", "token", "apikey", "privatekey", "sshkey", "secretkey", "accesskey", "signingkey", "encryptionkey",
        "masterkey", "authorization", "credential", "credentials", "cookie", "ssn", "socialsecurity", "creditcard", "cardnumber", "cvv", "cvc",
    ];

    /// <summary>Secret as a whole name only.</summary>
    private static readonly FrozenSet<string> Whole = new[] { "bearer", "cred", "pin", "x-aos-key" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Hides the values of secret names; the same value when nothing is to hide. For views of what is stored.</summary>
    public static JsonElement Redact(JsonElement value) => HasSecret(value, -1) ? Json.Write(writer => Write(writer, value, -1)) : value;

    /// <summary>Besides that hides what is secret, or a person's, within texts, also in JSON that is a text. For what comes from outside and is stored.</summary>
    public static JsonElement RedactAll(JsonElement value, Redaction level = Redaction.Personal) =>
        level != Redaction.None && HasSecret(value, 0, level) ? Json.Write(writer => Write(writer, value, 0, level)) : value;

    /// <summary>A text without the secrets in it, and by default without what is a person's.</summary>
    public static string RedactText(string text, Redaction level = Redaction.Personal) => level == Redaction.None ? text : OfText(text, 0, level) ?? text;

    /// <summary>
    /// Where a text that goes on may have begun something that <see cref="RedactText"/> hides once it is whole, and that no single word shows:
    /// what stands behind a secret's name, and numbers in groups. The length of the text: nowhere.
    /// </summary>
    public static int Open(string text) => OpenSecrets.At(text);

    /// <summary>True for <c>password</c>, <c>db_password</c>, <c>dbPassword</c>, <c>X-Api-Key</c>; false for <c>max_tokens</c>, <c>passwordless</c>.</summary>
    public static bool IsSecret(string name)
    {
        if (Whole.Contains(name)) return true;
        var from = Math.Max(0, name.Length - NameCharsMax);
        Span<char> letters = stackalloc char[NameCharsMax];
        Span<bool> starts = stackalloc bool[NameCharsMax];
        var count = 0;
        for (var i = from; i < name.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(name[i])) continue;
            starts[count] = StartsWord(name, i);
            letters[count++] = char.ToLowerInvariant(name[i]);
        }

        foreach (var word in Words)
        {
            if (count >= word.Length && starts[count - word.Length] && letters[..count].EndsWith(word, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    /// <summary>The first letter, one behind a sign, and a capital that is not in the middle of capitals.</summary>
    private static bool StartsWord(string name, int at)
    {
        if (at == 0 || !char.IsAsciiLetterOrDigit(name[at - 1])) return true;
        if (!char.IsAsciiLetterUpper(name[at])) return false;
        return !char.IsAsciiLetterUpper(name[at - 1]) || (at + 1 < name.Length && char.IsAsciiLetterLower(name[at + 1]));
    }

    /// <param name="depth">Of texts in texts; below 0: texts are not looked into.</param>
    private static bool HasSecret(JsonElement value, int depth, Redaction level = Redaction.Personal) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(member => IsSecret(member.Name) || (depth >= 0 && Name(member.Name, level) != member.Name) || HasSecret(member.Value, depth, level))
            || (value.Get("value") is not null && IsPair(value)),
        JsonValueKind.Array => value.EnumerateArray().Any(item => HasSecret(item, depth, level)),
        JsonValueKind.String => depth >= 0 && OfText(value.GetString()!, depth, level) is not null,
        _ => false,
    };

    private static void Write(Utf8JsonWriter writer, JsonElement value, int depth, Redaction level = Redaction.Personal)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(writer, value, depth, level);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item, depth, level);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String when depth >= 0 && OfText(value.GetString()!, depth, level) is { } shown:
                writer.WriteStringValue(shown);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, JsonElement value, int depth, Redaction level)
    {
        var isPair = IsPair(value);
        HashSet<string>? renamed = null;
        writer.WriteStartObject();
        foreach (var member in value.EnumerateObject())
        {
            var name = depth < 0 ? member.Name : Name(member.Name, level);
            if (name != member.Name) name = Free(name, value, renamed ??= new HashSet<string>(StringComparer.Ordinal));
            writer.WritePropertyName(name);
            if (IsSecret(member.Name) || (isPair && member.Name == "value")) writer.WriteStringValue(Marker);
            else Write(writer, member.Value, depth, level);
        }

        writer.WriteEndObject();
    }

    /// <summary>Lists of headers, settings and variables: <c>{"name": "Authorization", "value": ...}</c>.</summary>
    private static bool IsPair(JsonElement value) => (value.GetText("name") ?? value.GetText("key")) is { } name && IsSecret(name);

    /// <summary>A secret may stand where a name is wanted; a plain word is none.</summary>
    private static string Name(string name, Redaction level) => name.Length > PlainNameMax || name.AsSpan().ContainsAny("0123456789@=:") ? SecretTexts.Hide(name, level) : name;

    /// <summary>No two members have one name.</summary>
    private static string Free(string name, JsonElement of, HashSet<string> taken)
    {
        var free = name;
        for (var n = 2; of.TryGetProperty(free, out _) || !taken.Add(free); n++) free = string.Create(CultureInfo.InvariantCulture, $"{name} {n}");
        return free;
    }

    /// <summary>Null: nothing is to hide.</summary>
    private static string? OfText(string text, int depth, Redaction level)
    {
        if (depth < TextDepthMax && Inner(text) is { } inner && HasSecret(inner, depth + 1, level)) return Json.Write(writer => Write(writer, inner, depth + 1, level)).GetRawText();
        return SecretTexts.Hide(text, level) is var shown && shown == text ? null : shown;
    }

    /// <summary>The object or list that a text is; null: it is none.</summary>
    private static JsonElement? Inner(string text)
    {
        var body = text.AsSpan().Trim();
        if (body is not (['{', .., '}'] or ['[', .., ']'])) return null;
        try
        {
            return Json.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
