// SPDX-License-Identifier: MIT
// One of two ASP.NET Core servers with a SignalR hub and its Redis backplane.
//
//   dotnet Server.dll --urls http://127.0.0.1:PORT --redis 127.0.0.1:PORT
using Microsoft.AspNetCore.SignalR;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSignalR().AddStackExchangeRedis(builder.Configuration["redis"]!);
var app = builder.Build();
app.MapHub<BenchHub>("/bench");
app.Run();

class BenchHub : Hub
{
    /// <summary>A client learns its id when it can be reached from everywhere.</summary>
    public override Task OnConnectedAsync() => Clients.Caller.SendAsync("welcome", Context.ConnectionId);

    public Task Send(string text) => Clients.All.SendAsync("take", text);

    public Task SendTo(string id, string text) => Clients.Client(id).SendAsync("take", text);
}
