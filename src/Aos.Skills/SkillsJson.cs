using System.Text.Json.Serialization;

namespace Aos.Skills;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(EchoIn))]
[JsonSerializable(typeof(EchoOut))]
[JsonSerializable(typeof(JsonTransformIn))]
[JsonSerializable(typeof(JsonTransformOut))]
[JsonSerializable(typeof(FsReadIn))]
[JsonSerializable(typeof(FsReadOut))]
[JsonSerializable(typeof(FsWriteIn))]
[JsonSerializable(typeof(FsWriteOut))]
[JsonSerializable(typeof(HttpCallIn))]
[JsonSerializable(typeof(HttpCallOut))]
[JsonSerializable(typeof(WaitIn))]
[JsonSerializable(typeof(WaitOut))]
[JsonSerializable(typeof(WebhookSendIn))]
[JsonSerializable(typeof(WebhookSendOut))]
[JsonSerializable(typeof(KvGetIn))]
[JsonSerializable(typeof(KvGetOut))]
[JsonSerializable(typeof(KvSetIn))]
[JsonSerializable(typeof(KvSetOut))]
[JsonSerializable(typeof(KvDeleteIn))]
[JsonSerializable(typeof(KvDeleteOut))]
[JsonSerializable(typeof(KvWriteReply))]
internal sealed partial class SkillsJson : JsonSerializerContext;
