-- The functions of `table` loop in C, where no instruction is counted, as often as a length or an argument tells them. A table whose
-- length is made up, or a range that no table can have, would keep them busy for years.

local exhausted = ...
local rawlen, rawget, error, type, tostring = rawlen, rawget, error, type, tostring
local limit = 10000000

local function honest(list)
  if type(list) == "table" and #list ~= rawlen(list) then
    error("a table with a length of its own making cannot be used here", 3)
  end
end

local function short(first, last)
  if type(first) == "number" and type(last) == "number" and last - first > limit then
    error("the range is too long", 3)
  end
end

for _, name in ipairs({ "insert", "remove", "sort", "concat", "unpack" }) do
  local original = table[name]
  table[name] = function(list, ...)
    honest(list)
    if name == "concat" then
      local _, first, last = ...
      short(first or 1, last)
    end
    return original(list, ...)
  end
end

local move = table.move
table.move = function(list, first, last, ...)
  short(first, last)
  return move(list, first, last, ...)
end

-- Nothing, again and again, takes no memory that would be counted.
local rep = string.rep
string.rep = function(text, count, ...)
  if type(count) == "number" and count > limit and #tostring(text) == 0 and #tostring(... or "") == 0 then
    return ""
  end
  return rep(text, count, ...)
end

-- An error that says that the file takes too long may be caught, but what catches it does not go on.
local function checked(...)
  if exhausted() then
    error("the file takes too long", 3)
  end
  return ...
end

for library, names in pairs({ [_G] = { "pcall", "xpcall" }, [coroutine] = { "resume", "close" } }) do
  for _, name in ipairs(names) do
    local original = library[name]
    library[name] = function(...)
      return checked(original(...))
    end
  end
end

-- Finalizers run uncounted.
local set = setmetatable
function setmetatable(object, metatable)
  if type(metatable) == "table" and rawget(metatable, "__gc") ~= nil then
    error("a table cannot have a finalizer here", 2)
  end
  return set(object, metatable)
end
