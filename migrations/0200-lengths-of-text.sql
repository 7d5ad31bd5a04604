-- Names to 255 characters, descriptions and messages of commits to 8 KiB: protocol/limits.ts has the bounds, and the Worker
-- judges bytes and characters; here stands what nothing gets past. All of them only grow, so no row is looked at twice.

alter table app.api_tokens drop constraint api_tokens_name_check,
  add constraint api_tokens_name_check check (length(name) between 1 and 255);
alter table app.commits drop constraint commits_message_check,
  add constraint commits_message_check check (length(message) between 1 and 8192);
alter table app.oauth_clients drop constraint oauth_clients_name_check,
  add constraint oauth_clients_name_check check (length(name) between 1 and 255);
alter table app.pools drop constraint pools_name_check,
  add constraint pools_name_check check (length(name) between 1 and 255);
alter table app.projects drop constraint projects_description_check,
  add constraint projects_description_check check (octet_length(description) <= 8192);
alter table app.projects drop constraint projects_name_check,
  add constraint projects_name_check check (length(name) between 1 and 255 and name = btrim(name));
alter table app.tenants drop constraint tenants_name_check,
  add constraint tenants_name_check check (length(name) between 1 and 255);
alter table app.users drop constraint users_name_check,
  add constraint users_name_check check (length(name) between 1 and 255);
