using System.Collections.Frozen;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Hides the values of members whose names say that they are secret, at every depth, where data leaves the house.</summary>
public static class Redactor
{
    public const string Marker = "[REDACTED]";

    private static readonly FrozenSet<string> Names = new[]
    {
        "password", "passwd", "pwd", "secret", "api_key", "apikey", "api-key", "api_secret", "token", "access_token", "refresh_token", "auth_token",
        "authorization", "bearer", "private_key", "privatekey", "ssh_key", "credential", "credentials", "cred", "ssn", "social_security", "credit_card",
        "creditcard", "card_number", "cvv", "cvc", "pin", "cookie", "set-cookie", "x-api-key", "x-aos-key",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Suffixes = ["_token", "_secret", "_password", "_credential", "_api_key"];

    /// <summary>The same value when nothing is to hide.</summary>
    public static JsonElement Redact(JsonElement value) => HasSecret(value) ? Json.Write(writer => Write(writer, value)) : value;

    /// <summary>Whether a member of this name is hidden.</summary>
    public static bool IsSecret(string name) => Names.Contains(name) || Suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));

    private static bool HasSecret(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(member => IsSecret(member.Name) || HasSecret(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasSecret),
        _ => false,
    };

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    if (IsSecret(member.Name)) writer.WriteStringValue(Marker);
                    else Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
