// SPDX-License-Identifier: MIT
// A chat hub answered by an ASP.NET application: dotnet run --urls http://127.0.0.1:3000 --AccessKey KEY
// The hub's section says where it is: upstream = http://127.0.0.1:3000/hubs/{hub}/{event}
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

var app = WebApplication.CreateBuilder(args).Build();
var key = app.Configuration["AccessKey"];

object Everybody(string target, params object?[] arguments) => new { target, arguments };
object Group(string groupName, string target, params object?[] arguments) => new { target, arguments, groupName };
IResult Reply(object reply) => Results.Json(reply, contentType: "application/hubplane+json");

bool IsSigned(HttpRequest request)
{
    var id = request.Headers["X-ASRS-Connection-Id"].ToString();
    var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key!), Encoding.UTF8.GetBytes(id));
    return request.Headers["X-ASRS-Signature"].ToString().Split(',').Contains("sha256=" + Convert.ToHexString(hash).ToLower());
}

IResult Answer(string name, Caller caller, JsonElement[] arguments)
{
    string Text(int index) => arguments[index].GetString()!;
    switch (name)
    {
        case "connected":
            return caller.User == "nobody" ? Results.StatusCode(403) : Reply(new { actions = new[] { Everybody("arrived", caller.User) } });
        case "disconnected":
            return Reply(new { actions = new[] { Everybody("left", caller.User) } });
        case "Send":
            return Reply(new { actions = new[] { Everybody("broadcastMessage", Text(0), Text(1)) } });
        case "Join":
            return Reply(new
            {
                actions = new[] { new { action = "add", groupName = Text(0) }, Group(Text(0), "broadcastMessage", Text(0), caller.User + " is here") },
                state = new { room = Text(0) }, result = "welcome to " + Text(0),
            });
        case "Say":
            return caller.Room == null
                ? Reply(new { error = "Join a room first.", errorData = new { code = 1 } })
                : Reply(new { actions = new[] { Group(caller.Room, "broadcastMessage", caller.User, Text(0)) } });
        default:
            return Results.NotFound();
    }
}

app.MapPost("/hubs/{hub}/{name}", (HttpRequest request, string name, Message message) =>
    key != null && !IsSigned(request)
        ? Results.Unauthorized()
        : Answer(name, new Caller(request.Headers["X-ASRS-User-Id"].FirstOrDefault() ?? "anonymous", message.State?.Room), message.Arguments ?? []));
app.Run();

record Caller(string User, string? Room);
record State(string? Room);
record Message(int Type, JsonElement[]? Arguments, State? State);
