'use client';
import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { useMounted } from '@mantine/hooks';

const schemes = [
  { value: 'light', label: 'Light', icon: IconSun },
  { value: 'dark', label: 'Dark', icon: IconMoon },
  { value: 'auto', label: 'As the system', icon: IconDeviceDesktop },
] as const;

export function ColorSchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const mounted = useMounted();
  const Current = schemes.find((s) => mounted && s.value === colorScheme)?.icon ?? IconDeviceDesktop;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label="Colours"><ActionIcon size={30} aria-label="Colour scheme"><Current size={18} aria-hidden /></ActionIcon></Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map((s) => (
          <Menu.Item key={s.value} leftSection={<s.icon size={16} aria-hidden />} rightSection={s.value === colorScheme ? <IconCheck size={14} aria-label="chosen" /> : null} onClick={() => setColorScheme(s.value)}>{s.label}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
